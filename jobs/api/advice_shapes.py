"""What is said of an order that will not happen as it is written."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypedDict

from rest_framework import serializers

from jobs.advice import Advice, Problem, advise_on_keys
from s3project.schema import Schema
from s3project.wording import MOST_COMPARED, worth_comparing


class WarningOut(TypedDict):
    concept: Annotated[str | None, Schema(example="Wall")]
    value: Annotated[str | None, Schema("What was written.", example="sagee")]
    problem: Annotated[
        str, Schema(enum=[problem.value for problem in Problem], example="unknown_value")
    ]
    message: Annotated[
        str,
        Schema(example='recolor does not know "sagee": Wall is left unchanged. Did you mean sage?'),
    ]
    suggestion: Annotated[str | None, Schema("What may have been meant.", example="sage")]


Warnings = Annotated[
    list[WarningOut], Schema("What will not happen as it is written; empty when all is well.")
]


def warnings_out(advice: Iterable[Advice]) -> list[WarningOut]:
    return [
        {
            "concept": one.concept,
            "value": one.value,
            "problem": one.problem.value,
            "message": one.message,
            "suggestion": one.suggestion,
        }
        for one in advice
    ]


def notice_keys(
    serializer: serializers.Serializer[Any], edit: serializers.Serializer[Any], body: Any
) -> list[Advice]:
    """Keys of a body, and of the edits in it, that are ignored although they look like ours."""
    concepts = body.get("concepts")
    inner = concepts.items() if isinstance(concepts, Mapping) else ()
    edits = ((f"concepts.{name}.", given) for name, given in inner)
    return _notice(serializer.fields, body, edit, edits)


def notice_keys_of_photos(
    known: Iterable[str], photo: serializers.Serializer[Any], body: Any
) -> list[Advice]:
    """The same of a body that may declare photos, or name them by number."""
    inner = enumerate(body.get("items") or ())
    photos = ((f"items.{idx}.", given) for idx, given in inner if isinstance(given, Mapping))
    return _notice(known, body, photo, photos)


def _notice(
    known: Iterable[str],
    body: Any,
    element: serializers.Serializer[Any],
    inner: Iterable[tuple[str, Mapping[str, Any]]],
) -> list[Advice]:
    found = advise_on_keys(body, known)
    left = MOST_COMPARED  # in all elements together
    for within, given in inner:
        strange = worth_comparing(key for key in given if key not in element.fields)[:left]
        left -= len(strange)
        found += advise_on_keys(strange, element.fields, within=within)
    return found
