"""What a worker sends: results and claims (contract §4). They check shape and never save."""

import re
from typing import Annotated, Any, Literal

from jobs.api.edits import ConceptNameField
from jobs.api.terms import MAX_ITEMS, MAX_WARNING_LENGTH, MAX_WARNINGS
from jobs.backends import backend_of
from jobs.states import ItemStatus
from s3project.api.fields import Array, Choice, Object, ShapedField, Text, WholeNumber
from s3project.schema import Schema

MAX_ERROR_LENGTH = 2000
MAX_BACKEND_NAME = 64
MAX_BACKEND_CONCEPTS = 200
# What PostgreSQL cannot store: NUL, and surrogates that are not half of a pair.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class ErrorText(ShapedField):
    """A worker's words: cleaned and cut, never a reason to refuse its result."""

    kind = "a string"
    shape = Annotated[
        str,
        Schema(
            f"In a worker's words, cut to {MAX_ERROR_LENGTH} characters. Never a reason to refuse "
            "the result: of what is no text, the text is taken."
        ),
    ]

    def to_internal_value(self, data: Any) -> str:
        return UNSTORABLE.sub("", str(data))[:MAX_ERROR_LENGTH]


class WarningsField(ShapedField):
    """A worker's remarks on a finished item, kept as far as they are texts."""

    kind = "an array"
    shape = Annotated[
        list[str],
        Schema("Never a reason to refuse the result: what is no text is left out."),
    ]

    def to_internal_value(self, data: Any) -> list[str]:
        texts = [text for text in data if isinstance(text, str)] if isinstance(data, list) else []
        return [UNSTORABLE.sub("", text)[:MAX_WARNING_LENGTH] for text in texts[:MAX_WARNINGS]]


class ItemResultIn(Object):
    """A key that is absent or null stands for the one that was issued."""

    idx = WholeNumber(min_value=0, max_value=MAX_ITEMS - 1)
    status = Choice(Literal["done", "failed"])
    output_key = Text(required=False, allow_null=True, default=None)
    preview_key = Text(required=False, allow_null=True, default=None)
    error = ErrorText(required=False, allow_null=True, default="")
    warnings = WarningsField(required=False, allow_null=True, default=list)
    idempotency_key = Text(max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {
            **attrs,
            "error": attrs["error"] or "",
            "warnings": attrs["warnings"] or [],
            "status": ItemStatus(attrs["status"]),
        }


class ClaimIn(Object):
    items = Array(
        child=WholeNumber(min_value=0, max_value=MAX_ITEMS - 1),
        max_length=MAX_ITEMS,
        allow_empty=False,
    )
    attempt = WholeNumber(min_value=1, max_value=1_000_000)
    worker = Text(max_length=200)
    backend = Text(
        max_length=MAX_BACKEND_NAME,
        required=False,
        allow_null=True,
        help_text="What the worker finds concepts with.",
    )
    concepts = Array(
        child=ConceptNameField(),
        max_length=MAX_BACKEND_CONCEPTS,
        required=False,
        allow_null=True,
        help_text="What its backend can find; null for one that takes any name.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """With `running`, the backend that the worker named, if it did."""
        name, concepts = attrs.pop("backend", None), attrs.pop("concepts", None)
        return {**attrs, "running": None if name is None else backend_of(name, concepts or ())}
