"""What an endpoint is said to take and to answer: one declaration for each view's handler.

The declarations stand apart from the views, in each app's `schema`: only `make openapi` and the
tests import them, so that serving a request never pays for its documentation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from s3project.errors import DomainError
from s3project.openapi.shapes import JsonSchema

Error = type[DomainError]


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    `id` is the name of the use case, and of the function in generated clients. `answer` names the
    envelope's shape and `data` is the shape of its `data`; `body` is the serializer that the view
    parses with. `errors` are those of this use case; what every endpoint of its kind may answer
    (401, 429, 503 …) is added by `responses.py`.
    """

    id: str
    tag: str
    summary: str
    answer: str
    data: JsonSchema
    example: Any
    description: str = ""
    status: int = 200
    result: str = "Success."
    body: type[Serializer[Any]] | None = None
    body_required: bool = True
    body_examples: Mapping[str, Any] = field(default_factory=dict)
    caller: Literal["user", "worker", "anyone"] = "user"
    parameters: Sequence[str] = ()  # names of components/parameters, besides those of the path
    headers: Sequence[str] = ()  # names of components/headers
    errors: Sequence[Error] = ()
    rate_limited: bool = True
    idempotent: bool = False
    paged: bool = False
    conditional: bool = False
    needs_nothing: bool = False  # asks no other part, so that it has none to wait for


OPERATIONS: dict[tuple[type[APIView], str], Operation] = {}


def describe(view: type[APIView], **handlers: Operation) -> None:
    """Declares the operations of a view by the names of its handlers: `create`, `get` …"""
    for handler, operation in handlers.items():
        if not hasattr(view, handler):
            raise AttributeError(f"{view.__name__} has no {handler}")
        OPERATIONS[view, handler] = operation


def operation_of(view: type[APIView], handler: str) -> Operation:
    """Raises LookupError for an endpoint that nobody described."""
    try:
        return OPERATIONS[view, handler]
    except KeyError:
        raise LookupError(f"{view.__name__}.{handler} has no description in a schema") from None
