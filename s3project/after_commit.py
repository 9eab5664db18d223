"""What is to be done once a transaction is committed."""

from collections.abc import Callable
from typing import ParamSpec

from django.db import transaction

P = ParamSpec("P")


def after_commit(function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Calls it after the commit, and not at all after a rollback. Whatever it raises is logged and
    nothing more: what was committed is true, and the sweep does what was not done.

    Not `on_commit(partial(…), robust=True)`: Django logs a failure by the function's name, which a
    partial has not, and so the request would fail for it after all.
    """

    def call() -> None:
        function(*args, **kwargs)

    call.__qualname__ = getattr(function, "__qualname__", repr(function))
    transaction.on_commit(call, robust=True)
