"""What `jobs` refuses, with the codes of contract §3.1."""

from collections.abc import Sequence
from typing import Annotated, Self, TypedDict

from jobs.states import JobState, JobStatus
from s3project.errors import ChoiceFacts, DomainError, NotFound
from s3project.schema import Schema
from s3project.wording import counted, hint, listed, nearest, quoted


class JobNotFound(DomainError):
    code, status = "JOB_NOT_FOUND", 404
    message = "There is no such job: GET /jobs lists yours."


class RuleNotFound(DomainError):
    code, status = "RULE_NOT_FOUND", 404
    message = "There is no such rule: GET /rules lists yours."


class PresetNotFound(NotFound):
    def __init__(self, preset: str, known: Sequence[str]) -> None:
        near = nearest(preset, known)
        super().__init__(
            f"There is no preset {quoted(preset)}, only {listed(known, 'and')}.{hint(near)}",
            ChoiceFacts(allowed=list(known), nearest=near),
        )

    @classmethod
    def example(cls) -> Self:
        return cls("interieur", ["interior", "seller"])


class StatusFacts(TypedDict):
    status: Annotated[JobState, Schema("Of the job.")]


_NEW_ONE = "create a new one"
# Where an event wanted to lead → by the job's status, what it says to that.
_REASONS: dict[JobStatus, dict[JobStatus, str]] = {
    JobStatus.UPLOADED: {
        JobStatus.UPLOADED: "its upload was confirmed already, execute it next",
        JobStatus.CANCELED: _NEW_ONE,
    },
    JobStatus.QUEUED: {
        JobStatus.CREATED: "confirm its upload first",
        JobStatus.DONE: f"it was executed already, {_NEW_ONE} for further edits",
        JobStatus.FAILED: f"it was executed already, {_NEW_ONE} to try again",
        JobStatus.CANCELED: _NEW_ONE,
    },
    JobStatus.RUNNING: dict.fromkeys(
        (JobStatus.CREATED, JobStatus.UPLOADED), "it takes results once it was executed"
    ),
    JobStatus.CANCELED: {JobStatus.DONE: "it can no longer be canceled"},
}
_OTHERWISE = {
    JobStatus.UPLOADED: "its upload was confirmed already",
    JobStatus.QUEUED: "it was executed already",
}


class InvalidTransition(DomainError):
    code, status = "INVALID_TRANSITION", 409
    details_type = StatusFacts

    def __init__(self, *, status: JobStatus | str, target: JobStatus) -> None:
        status = JobStatus(status)
        reason = _REASONS.get(target, {}).get(status) or _OTHERWISE.get(target)
        super().__init__(
            f"The job is {status}: {reason or f'it cannot become {target}'}.",
            StatusFacts(status=status.value),
        )

    @classmethod
    def example(cls) -> Self:
        return cls(status=JobStatus.CREATED, target=JobStatus.QUEUED)


class AlreadyCanceled(DomainError):
    code, status = "ALREADY_CANCELED", 409
    message = f"The job is canceled: {_NEW_ONE}."
    details_type = StatusFacts

    def __init__(self) -> None:
        super().__init__(details=StatusFacts(status=JobStatus.CANCELED.value))


class SourceUnconfirmed(DomainError):
    code, status = "INVALID_TRANSITION", 409
    message = "The source job is created: confirm its upload first."
    details_type = StatusFacts

    def __init__(self) -> None:
        super().__init__(details=StatusFacts(status=JobStatus.CREATED.value))


class StillAtWork(DomainError):
    code, status = "INVALID_TRANSITION", 409
    details_type = StatusFacts

    def __init__(self, *, status: JobStatus | str) -> None:
        status = JobStatus(status)
        super().__init__(
            f"The job is {status}: cancel it, or wait until it is finished, before you delete it.",
            StatusFacts(status=status.value),
        )

    @classmethod
    def example(cls) -> Self:
        return cls(status=JobStatus.RUNNING)


class SourceGone(DomainError):
    code, status = "SOURCE_GONE", 409
    details_type = StatusFacts

    def __init__(self, *, status: JobStatus | str) -> None:
        status = JobStatus(status)
        what = "was canceled" if status == JobStatus.CANCELED else "has expired"
        super().__init__(
            f"The source job {what}, its photos are not kept: upload them to a new job.",
            StatusFacts(status=status.value),
        )

    @classmethod
    def example(cls) -> Self:
        return cls(status=JobStatus.DONE)


class ItemFacts(TypedDict):
    idx: Annotated[int, Schema("The photo that the key was used for.", minimum=0)]


class IdempotencyConflict(DomainError):
    code, status = "IDEMPOTENCY_CONFLICT", 409
    details_type = ItemFacts

    def __init__(self, *, idx: int) -> None:
        super().__init__(
            f"This idempotency key was used for photo {idx} of the job.", ItemFacts(idx=idx)
        )

    @classmethod
    def example(cls) -> Self:
        return cls(idx=0)


class CallbackUnauthorized(DomainError):
    code, status = "CALLBACK_UNAUTHORIZED", 403
    message = "The callback secret (GPU_CALLBACK_SECRET) is missing or wrong."


class PackageNotFound(NotFound):
    message = "The job has no such package: GET /jobs/{job_id}/packages lists those it has."


class NothingToPack(DomainError):
    code, status = "INVALID_TRANSITION", 409
    details_type = StatusFacts

    def __init__(self, *, status: JobStatus | str) -> None:
        status = JobStatus(status)
        what = "has expired" if status == JobStatus.DONE else f"is {status}"
        super().__init__(
            f"The job {what}: packages are made of a done job while its photos are kept.",
            StatusFacts(status=status.value),
        )

    @classmethod
    def example(cls) -> Self:
        return cls(status=JobStatus.RUNNING)


class WatcherLimit(DomainError):
    code, status = "RATE_LIMITED", 429
    message = "You have as many streams of events open as one user may: close one."
    retry_after = 10


class WebhookFacts(TypedDict):
    limit: Annotated[int, Schema("Webhooks that a user may have.", minimum=1, example=5)]


class WebhookLimit(DomainError):
    code, status = "WEBHOOK_LIMIT", 403
    details_type = WebhookFacts

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            f"You have {counted(limit, 'webhook')}, the most there may be: delete one.",
            WebhookFacts(limit=limit),
        )

    @classmethod
    def example(cls) -> Self:
        return cls(limit=5)


class WebhookOff(DomainError):
    code, status = "WEBHOOK_OFF", 409
    message = 'The webhook is off: PATCH it with {"enabled": true} first.'


class WebhookNotFound(NotFound):
    message = "There is no such webhook: GET /webhooks lists yours."


class DeliveryNotFound(NotFound):
    message = "There is no such delivery: GET /webhooks/{webhook_id}/deliveries lists those kept."
