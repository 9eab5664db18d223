"""What a job would cost, whether it would be admitted, and what of it would not happen."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from jobs.advice import Advice
from jobs.lifecycle.orders import advise_on_order, resolve_order
from jobs.lifecycle.pace import PACE_NOW
from s3project.errors import DomainError
from users.errors import ConcurrencyLimit, CreditsExhausted, ItemLimit, StorageQuota
from users.models import UserLimiter


@dataclass(frozen=True)
class JobCheck:
    """`balance_after` is None when the job would be refused, `eta_seconds` when nothing was
    finished lately that could tell.
    """

    credits: int
    balance_after: int | None
    refusal: DomainError | None
    advice: list[Advice]
    eta_seconds: int | None


def check_job(
    *,
    user_id: UUID,
    preset: str,
    item_count: int,
    concepts: dict[str, Any] | None,
    protect: list[str] | None,
    rule_id: str | None = None,
    output_template: str | None = None,
) -> JobCheck:
    """The admission and the validation of the real calls, without effect and without a lock.

    Raises RuleNotFound or ValidationFailed, as they do.
    """
    order = resolve_order(
        user_id=user_id, preset_id=preset, concepts=concepts, protect=protect, rule_id=rule_id
    )
    limiter = UserLimiter.objects.of_user(user_id)
    refusal: DomainError | None = None
    try:
        limiter.check_reserve(item_count)
    except (CreditsExhausted, ItemLimit, ConcurrencyLimit, StorageQuota) as error:
        refusal = error
    return JobCheck(
        credits=item_count,
        balance_after=None if refusal else limiter.credits - item_count,
        refusal=refusal,
        advice=advise_on_order(preset, order, output_template),
        eta_seconds=PACE_NOW.get().seconds_for(item_count),
    )
