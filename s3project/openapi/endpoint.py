"""What is known of an endpoint: what its `Operation` says, and what its view and handler are."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from rest_framework.throttling import BaseThrottle

from s3project.api.answers import Answer
from s3project.api.operation import Operation
from s3project.api.pagination import PageAnswer
from s3project.api.throttles import UserThrottle
from s3project.api.views import ApiView
from s3project.errors import (
    BodyTooLarge,
    DomainError,
    KeyReused,
    RateLimited,
    RequestInProgress,
    Unavailable,
    ValidationFailed,
)

Error = type[DomainError]


@dataclass(frozen=True)
class Endpoint:
    """One method of one path. `data` is the type of the answer's `data`."""

    operation: Operation
    view: type[ApiView]
    summary: str
    description: str
    answer: type[Answer[Any]]
    data: Any
    path_types: dict[str, Any]
    is_paged: bool
    is_idempotent: bool

    @property
    def security(self) -> list[dict[str, list[str]]]:
        """An empty list says that nothing is needed; left out, it would say nothing."""
        return [{authentication.scheme: []} for authentication in self._authentications]

    @property
    def is_rate_limited(self) -> bool:
        """UserThrottle, which is everybody's, counts no one where nobody signs in."""
        throttles: Sequence[type[BaseThrottle]] = self.view.throttle_classes
        return any(each is not UserThrottle or self._authentications for each in throttles)

    @property
    def errors(self) -> list[Error]:
        operation = self.operation
        errors = [error for each in self._authentications for error in each.errors]
        errors += operation.errors
        if operation.body is not None or self.is_idempotent:
            errors += [ValidationFailed, BodyTooLarge]
        if self.is_paged or operation.query:
            errors.append(ValidationFailed)
        if self.is_idempotent:
            errors += [RequestInProgress, KeyReused]
        if self.is_rate_limited:
            errors.append(RateLimited)
        if not operation.needs_nothing:
            errors.append(Unavailable)
        return [*errors, DomainError]

    @property
    def _authentications(self) -> Sequence[Any]:
        return self.view.authentication_classes


def endpoint_of(view: type[ApiView], handler_name: str) -> Endpoint:
    """Raises LookupError for an endpoint that nobody described."""
    handler = getattr(view, handler_name)
    operation = getattr(handler, "operation", None)
    summary, _, description = (inspect.getdoc(handler) or "").partition("\n\n")
    if operation is None or not summary:
        raise LookupError(f"{view.__name__}.{handler_name} has no description")
    hints = get_type_hints(handler, include_extras=True)
    answer, data = _answer(handler, hints.pop("return"))
    return Endpoint(
        operation=operation,
        view=view,
        summary=summary,
        description="\n\n".join(" ".join(part.split("\n")) for part in description.split("\n\n")),
        answer=answer,
        data=data,
        path_types=hints,
        is_paged=answer is PageAnswer,
        is_idempotent=operation.idempotent or hasattr(handler, "idempotent"),
    )


def _answer(handler: Callable[..., Any], returned: Any) -> tuple[type[Answer[Any]], Any]:
    """`Created[JobOut] | HttpResponse` → Created, JobOut; of pages the list of rows."""
    kinds = get_args(returned) if get_origin(returned) in (Union, UnionType) else (returned,)
    for kind in kinds:
        origin = get_origin(kind)
        if origin is not None and issubclass(origin, Answer):
            (data,) = get_args(kind)
            return origin, list[data] if origin is PageAnswer else data  # type: ignore[valid-type]  # made at run time
    raise LookupError(f"{handler.__qualname__} returns no Answer[…]")
