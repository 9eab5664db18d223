"""What can go wrong, as exceptions: one for each code of the API, and those of this side."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from s3sets.shapes import Job


class S3SetsError(Exception):
    """Anything that this package raises itself. `code` is to decide by: the API's, or of this side
    its own.
    """

    code: str = "CLIENT_FAULT"


class ApiError(S3SetsError):
    """The API refused a request: nothing was changed, and nothing charged. (Of ServerFault and
    Unavailable nobody knows; sent again with the same Idempotency-Key it happens once.)

    `code` is to decide by, `message` for people, `details` has the facts (docs/api.md). Name
    `request_id` when you report a problem. `retry_after` is in seconds, None where the API said
    none.
    """

    codes: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        *,
        code: str,
        message: str,
        status: int,
        details: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.details: Mapping[str, Any] = details or {}
        self.request_id = request_id
        self.retry_after = retry_after


class ValidationFailed(ApiError):
    """400, 413: `details` maps each field that is wrong to its messages."""

    codes = ("VALIDATION_ERROR",)


class NotSignedIn(ApiError):
    """401: no token or key, or one that is not valid (any more)."""

    codes = ("AUTH_REQUIRED", "TOKEN_EXPIRED", "TOKEN_INVALID")


class CreditsExhausted(ApiError):
    """402: `details` has `needed` and `available`."""

    codes = ("CREDITS_EXHAUSTED",)


class LimitReached(ApiError):
    """403: the plan, or the server, allows no more: of photos in a job, rules, keys, webhooks, or
    storage. `details` has `limit`, or `used_mib` and `limit_mib`.
    """

    codes = ("ITEM_LIMIT", "RULE_SLOT_FULL", "KEY_LIMIT", "WEBHOOK_LIMIT", "STORAGE_QUOTA")


class SignupRefused(ApiError):
    """403: new users need an invite or another proof; `details` has what it `needs`."""

    codes = ("SIGNUP_REFUSED",)


class Forbidden(ApiError):
    """403: for workers only."""

    codes = ("CALLBACK_UNAUTHORIZED",)


class NotFound(ApiError):
    """404: there is no such thing, or it is somebody else's."""

    codes = ("NOT_FOUND", "JOB_NOT_FOUND", "RULE_NOT_FOUND")


class MethodNotAllowed(ApiError):
    """405: an older server, or not an S3 at all."""

    codes = ("METHOD_NOT_ALLOWED",)


class WrongState(ApiError):
    """409: not in the state that the thing is in; `details` has the job's `status`."""

    codes = ("INVALID_TRANSITION", "ALREADY_CANCELED", "WEBHOOK_OFF", "NOTHING_TO_PACK")


class SourceGone(ApiError):
    """409: the photos of the source are not kept any more. Upload them to a new job."""

    codes = ("SOURCE_GONE",)


class RequestInProgress(ApiError):
    """409: the same Idempotency-Key is at work. The client waits and asks again by itself."""

    codes = ("REQUEST_IN_PROGRESS",)


class IdempotencyConflict(ApiError):
    """409, 422: an Idempotency-Key was used for another request."""

    codes = ("IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_CONFLICT")


class ConcurrencyLimit(ApiError):
    """429: as many jobs are open as the plan allows: `details` has `limit` and `open_jobs`. Wait
    for one of them, or cancel one.
    """

    codes = ("CONCURRENCY_LIMIT",)


class RateLimited(ApiError):
    """429: too many requests, even after the pauses that the client made."""

    codes = ("RATE_LIMITED",)


class ServerFault(ApiError):
    """500: a fault of the server. Say the `request_id`."""

    codes = ("INTERNAL_ERROR",)


class Unavailable(ApiError):
    """503: the server could not answer for as long as the client kept asking."""

    codes = ("UNAVAILABLE",)


class Unreachable(S3SetsError):
    """Nobody answered. `maybe_done` is false only where the request cannot have arrived."""

    code = "UNREACHABLE"

    def __init__(self, message: str, *, maybe_done: bool) -> None:
        super().__init__(message)
        self.maybe_done = maybe_done


class NotTheApi(S3SetsError):
    """What answered is no S3: a proxy, a login page, another address."""

    code = "NOT_THE_API"


class TransferFailed(S3SetsError):
    """The storage did not take an upload or give a download. `status`: None where it was silent."""

    code = "TRANSFER_FAILED"

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class PhotoUnusable(S3SetsError):
    """A file that cannot be sent: missing, empty, too large, or changed since the set was begun."""

    code = "PHOTO_UNUSABLE"


class PackageLate(S3SetsError):
    """The photos are finished, but what is made of them is not, after as long as was to be waited
    for it. `job` is the job as it stands: its results can be fetched, and it can be waited for
    again. `templates` are the packages that are missing.
    """

    code = "PACKAGE_LATE"

    def __init__(self, job: Job, templates: Sequence[str], seconds: float) -> None:
        names = ", ".join(templates)
        super().__init__(f"The photos are finished; {names} is not ready after {seconds:.0f} s.")
        self.job = job
        self.templates = tuple(templates)


class StateUnusable(S3SetsError):
    """A state file that belongs to something else, or that another process works with."""

    code = "STATE_UNUSABLE"


class NotVerified(S3SetsError):
    """A webhook that was not signed with this secret, or not now. Answer it with 400."""

    code = "NOT_VERIFIED"


BY_CODE: dict[str, type[ApiError]] = {
    code: kind for kind in ApiError.__subclasses__() for code in kind.codes
}
