"""Keys of a body that are ignored although they look like one of ours, named in the answer."""

from collections.abc import Iterable
from typing import Annotated, TypedDict

from s3project.schema import Schema
from s3project.wording import nearest, worth_comparing


class Slip(TypedDict):
    key: Annotated[str, Schema("As it was sent.", example="expire_at")]
    message: Annotated[
        str,
        Schema(
            example="expire_at is not a key of this request and is ignored: did you mean "
            "expires_at?"
        ),
    ]
    suggestion: Annotated[str, Schema("What may have been meant.", example="expires_at")]


def slips_of(given: Iterable[str], known: Iterable[str], within: str = "") -> list[Slip]:
    """`within` is where in the body they stand: `concepts.Wall.`"""
    known = list(known)
    return [
        {
            "key": f"{within}{key}",
            "message": f"{within}{key} is not a key of this request and is ignored: "
            f"did you mean {within}{near}?",
            "suggestion": f"{within}{near}",
        }
        for key in worth_comparing(key for key in given if key not in known)
        if (near := nearest(key, known)) is not None
    ]
