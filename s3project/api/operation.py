"""What the documentation says of an endpoint, where the code alone does not say it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.http.response import HttpResponseBase
from rest_framework.serializers import Serializer

from s3project.errors import DomainError

H = TypeVar("H", bound=Callable[..., HttpResponseBase])


@dataclass(frozen=True)
class Operation:
    """Decorates a view's handler: one method of one path.

    `id` is the name of the use case, and of the function in generated clients. The handler's
    docstring is the summary and the description, both for customers; its return type is the
    answer. `body` is the serializer that it parses with, `query` the types of its parameters,
    `errors` are those of this use case: what every endpoint of its kind may answer (401, 429,
    503 …) is known of its view.
    """

    id: str
    errors: Sequence[type[DomainError]] = ()
    body: Serializer[Any] | None = None
    body_examples: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    result: str = "Success."
    headers: Sequence[str] = ()  # names of components/headers
    idempotent: bool = False  # known of a handler that is decorated so
    conditional: bool = False
    needs_nothing: bool = False  # asks no other part, so that it has none to wait for

    def __call__(self, handler: H) -> H:
        vars(handler)["operation"] = self
        return handler
