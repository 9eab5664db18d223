"""What every queryset that locks rows has in common, and how a model gets its manager."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Self, TypeVar

from django.db import connections, models
from django.db.transaction import TransactionManagementError

M = TypeVar("M", bound=models.Model)
Q = TypeVar("Q", bound="models.QuerySet[Any]")
F = TypeVar("F", bound=Callable[..., Any])


def require_transaction(alias: str) -> None:
    """Raises TransactionManagementError outside `transaction.atomic`: a lock would end with the
    statement that takes it.
    """
    if not connections[alias].in_atomic_block:
        raise TransactionManagementError("A row is locked for a transaction, and there is none.")


class LockingQuerySet(models.QuerySet[M]):
    """The base of every queryset with a `lock`."""

    def select_for_update(
        self,
        nowait: bool = False,
        skip_locked: bool = False,
        of: Sequence[str] = (),
        no_key: bool = False,
    ) -> Self:
        """As Django's, but raises TransactionManagementError when it is called. Django's own
        check comes when rows are read, and not at all for a queryset that never is.
        """
        require_transaction(self.db)
        return super().select_for_update(nowait, skip_locked, of, no_key)


def of_all_rows(method: F) -> F:
    """Of a queryset's method that runs a statement written out: it asks the same whatever came
    before, so that its manager needs no new queryset for each call."""
    vars(method)["is_of_all_rows"] = True
    return method


def manager_of(queryset: type[Q]) -> Q:
    """The manager of a model whose questions are the methods of its queryset.

    Typed as the queryset itself: a manager has its methods, and the type of one that Django makes
    at run time cannot be written down.
    """
    manager: Any = queryset.as_manager()
    for name, method in vars(queryset).items():
        if hasattr(method, "is_of_all_rows"):
            # Of a class of its own, which Django has just made.
            setattr(type(manager), name, _of_kept(name, method))
    return manager  # type: ignore[no-any-return]  # see the docstring


def _of_kept(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        rows = vars(self).get("_of_all_rows")
        if rows is None:
            rows = vars(self)["_of_all_rows"] = self.get_queryset()
            assert not rows.query.where, "a filter would be passed over"
        return getattr(rows, name)(*args, **kwargs)

    return call
