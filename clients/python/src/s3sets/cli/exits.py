"""Exit codes: what a script can decide by (docs/client.md)."""

from enum import IntEnum

from s3sets.cli.advice import OrderMisspelt
from s3sets.errors import (
    ApiError,
    ConcurrencyLimit,
    CreditsExhausted,
    LimitReached,
    NotSignedIn,
    NotTheApi,
    PackageLate,
    PhotoUnusable,
    RateLimited,
    S3SetsError,
    ServerFault,
    SignupRefused,
    StateUnusable,
    TransferFailed,
    Unavailable,
    Unreachable,
)


class Exit(IntEnum):
    DONE = 0
    FAULT = 1
    USAGE = 2  # typer's own, and an order that is misspelt
    PARTLY = 3
    NOTHING_DONE = 4
    REFUSED = 5
    LIMIT = 6
    NOT_SIGNED_IN = 7
    UNREACHABLE = 8
    FILES = 9
    INTERRUPTED = 130


# The first that fits.
_OF_ERRORS: list[tuple[tuple[type[S3SetsError], ...], Exit]] = [
    ((CreditsExhausted, LimitReached, ConcurrencyLimit), Exit.LIMIT),
    ((NotSignedIn, SignupRefused), Exit.NOT_SIGNED_IN),
    (
        (Unreachable, Unavailable, RateLimited, TransferFailed, NotTheApi, PackageLate),
        Exit.UNREACHABLE,
    ),
    ((PhotoUnusable, StateUnusable), Exit.FILES),
    ((OrderMisspelt,), Exit.USAGE),
    ((ServerFault,), Exit.FAULT),
    ((ApiError,), Exit.REFUSED),
]


def exit_of(error: S3SetsError) -> Exit:
    for kinds, code in _OF_ERRORS:
        if isinstance(error, kinds):
            return code
    return Exit.FAULT


def exit_of_set(status: str, *, complete: bool) -> Exit:
    """Of a set that is finished."""
    if status == "done":
        return Exit.DONE if complete else Exit.PARTLY
    return Exit.NOTHING_DONE
