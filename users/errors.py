"""What `users` refuses, with the codes of contract §3.1."""

from collections.abc import Sequence
from typing import Annotated, Self, TypedDict
from uuid import UUID

from s3project.errors import DomainError, NotFound
from s3project.ids import JobId
from s3project.schema import Schema
from s3project.wording import counted


class AuthRequired(DomainError):
    code, status = "AUTH_REQUIRED", 401
    message = "Send the header Authorization: Bearer <token>; POST /auth/anon gives a token."


class TokenExpired(DomainError):
    code, status = "TOKEN_EXPIRED", 401
    message = "The token has expired: get the next one from POST /auth/refresh, or sign in again."


class TokenInvalid(DomainError):
    code, status = "TOKEN_INVALID", 401
    message = "The token is unknown, damaged, spent or signed out: sign in again."


class InactiveUser(TokenInvalid):
    """Somebody whom an operator deactivated, or who deleted the account, came back; a client is
    told no more than of any other token."""

    def __init__(self, user_id: UUID) -> None:
        super().__init__()
        self.user_id = user_id


class CreditFacts(TypedDict):
    needed: Annotated[int, Schema("Credits that the job needs.", minimum=1, example=12)]
    available: Annotated[int, Schema("Credits that are left.", minimum=0, example=10)]


class PlanFacts(TypedDict):
    plan: Annotated[str, Schema(example="free")]
    limit: Annotated[int, Schema("What the plan allows.", minimum=0, example=10)]


class ConcurrencyFacts(TypedDict):
    limit: Annotated[int, Schema("Unfinished jobs that the plan allows.", minimum=0, example=1)]
    open_jobs: Annotated[list[JobId], Schema("Those that hold its slots, oldest first.")]


class CreditsExhausted(DomainError):
    code, status = "CREDITS_EXHAUSTED", 402
    details_type = CreditFacts

    def __init__(self, *, needed: int, available: int) -> None:
        left = "1 is left" if available == 1 else f"{available or 'none'} are left"
        super().__init__(
            f"This job needs {counted(needed, 'credit')}, and {left}.",
            CreditFacts(needed=needed, available=available),
        )

    @classmethod
    def example(cls) -> Self:
        return cls(needed=12, available=10)


class ItemLimit(DomainError):
    code, status = "ITEM_LIMIT", 403
    details_type = PlanFacts

    def __init__(self, *, plan: str, limit: int, items: int) -> None:
        super().__init__(
            f"The {plan} plan allows {counted(limit, 'photo')} in a job, and this one has {items}: "
            "make several jobs of it.",
            PlanFacts(plan=plan, limit=limit),
        )

    @classmethod
    def example(cls) -> Self:
        return cls(plan="free", limit=10, items=12)


class RuleSlotFull(DomainError):
    code, status = "RULE_SLOT_FULL", 403
    details_type = PlanFacts

    def __init__(self, *, plan: str, limit: int) -> None:
        super().__init__(
            f"The {plan} plan allows {counted(limit, 'saved rule')}: delete or change one.",
            PlanFacts(plan=plan, limit=limit),
        )

    @classmethod
    def example(cls) -> Self:
        return cls(plan="free", limit=2)


class StorageFacts(TypedDict):
    used_mib: Annotated[int, Schema("What the storage had of you when it was last counted.")]
    limit_mib: Annotated[int, Schema("What you may keep.", example=102_400)]


class StorageQuota(DomainError):
    code, status = "STORAGE_QUOTA", 403
    details_type = StorageFacts

    def __init__(self, *, used_mib: int, limit_mib: int) -> None:
        super().__init__(
            f"Your photos and results take {used_mib} MiB, and {limit_mib} MiB are allowed: delete "
            "finished jobs, and try again some minutes later.",
            StorageFacts(used_mib=used_mib, limit_mib=limit_mib),
        )

    @classmethod
    def example(cls) -> Self:
        return cls(used_mib=102_460, limit_mib=102_400)


class ProofFacts(TypedDict):
    needs: Annotated[str, Schema("The field to send.", enum=["invite", "proof"], example="invite")]


class SignUpRefused(DomainError):
    code, status = "SIGNUP_REFUSED", 403
    details_type = ProofFacts

    def __init__(self, *, needs: str) -> None:
        what = {"invite": "an invite code that is good", "proof": "the proof that is asked for"}
        super().__init__(
            f"New users need {what[needs]}: send it as `{needs}`.", ProofFacts(needs=needs)
        )

    @classmethod
    def example(cls) -> Self:
        return cls(needs="invite")


class KeyFacts(TypedDict):
    limit: Annotated[int, Schema("Keys that a user may have.", minimum=1, example=10)]


class KeyLimit(DomainError):
    code, status = "KEY_LIMIT", 403
    details_type = KeyFacts

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            f"You have {counted(limit, 'API key')}, the most there may be: delete one.",
            KeyFacts(limit=limit),
        )

    @classmethod
    def example(cls) -> Self:
        return cls(limit=10)


class KeyNotFound(NotFound):
    message = "There is no such key: GET /me/keys lists yours."


class ConcurrencyLimit(DomainError):
    code, status = "CONCURRENCY_LIMIT", 429
    details_type = ConcurrencyFacts

    def __init__(self, *, plan: str, limit: int, open_jobs: Sequence[JobId]) -> None:
        one = "it" if len(open_jobs) == 1 else "one"
        super().__init__(
            f"The {plan} plan allows {counted(limit, 'unfinished job')} at a time: wait until "
            f"{one} is finished, or cancel {one}.",
            ConcurrencyFacts(limit=limit, open_jobs=list(open_jobs)),
        )

    @classmethod
    def example(cls) -> Self:
        return cls(plan="free", limit=1, open_jobs=["job_019ba9c9f1007dc68da4e43c570d4b19"])
