"""UserLimiter: the one place that decides who may do how much, and moves the money."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Now

from s3project.errors import DomainError
from s3project.querysets import manager_of, of_all_rows, require_transaction
from s3project.rows import fetch_one, rows_of
from s3project.wording import counted
from users.errors import (
    ConcurrencyLimit,
    CreditsExhausted,
    ItemLimit,
    RuleSlotFull,
    StorageQuota,
    TokenInvalid,
)
from users.models.ledger import BillingEvent
from users.models.limiter_statements import is_reserved, move, store_release, store_reservation
from users.models.reservation import Reservation, job_ref
from users.models.signed_in import SignedIn
from users.models.user import USERS, User
from users.plans import PLANS, Plan

MIB = 1024**2
# What the column holds.
MAX_BALANCE = 2**31 - 1
# What a user keeps is counted again so long after a new job, and then as often while anything
# changes; otherwise once a day.
COUNTED_SOON = timedelta(minutes=10)
COUNTED_DAILY = timedelta(days=1)


@dataclass(frozen=True)
class UserState:
    """What a user has and may have at this moment."""

    plan: Plan
    credits: int
    active_jobs: int
    rule_slots_used: int
    stored_bytes: int
    stored_at: datetime | None


class BalanceTooLarge(ValueError):
    """Nobody can have so many credits."""


class UserLimiterQuerySet(models.QuerySet["UserLimiter"]):
    @of_all_rows
    def lock(self, user_id: UUID) -> "UserLimiter":
        """The last level of job → items → limiter. Never lazy.

        The user's row is locked too: after a wait PostgreSQL reads again only what is locked,
        and the plan must be the current one.
        """
        require_transaction(self.db)
        return self._found(LOCK_LIMITER, user_id)

    @of_all_rows
    def of_user(self, user_id: UUID) -> "UserLimiter":
        """With its user, unlocked. One statement. Raises UserLimiter.DoesNotExist."""
        return self._found(READ_LIMITER, user_id)

    @of_all_rows
    def signed_in(self, user_id: UUID, session_id: UUID | None) -> User | None:
        """Who is signed in; `limiter` needs no query any more. One statement."""
        found = WITH_LIMITER.find(user_id, session_id)
        if found is None:
            return None
        user, row = found
        if any(row):
            LIMITERS.instance(row).user = user
        return user

    def _found(self, statement: str, user_id: UUID) -> "UserLimiter":
        row = fetch_one(statement, [user_id])
        if row is None:
            raise UserLimiter.DoesNotExist
        limiter = LIMITERS.instance(row[: LIMITERS.count])
        limiter.user = USERS.instance(row[LIMITERS.count :])
        return limiter

    def storage_due(self, most: int) -> list[tuple[UUID, datetime]]:
        """Users whose storage is to be counted, and since when; the longest due first."""
        due = self.filter(stored_due_at__lte=Now()).order_by("stored_due_at")
        return list(due.values_list("pk", "stored_due_at")[:most])  # type: ignore[arg-type]  # not null here

    def note_storage(self, user_id: UUID, size: int, due: datetime) -> None:
        """What a count found that was `due`. One statement, without `lock`: no other writes these
        columns but to make a count due, and that stays.
        """
        at_least_daily = Now() + COUNTED_DAILY if size else None
        self.filter(pk=user_id).update(
            stored_bytes=size,
            stored_at=Now(),
            stored_due_at=Case(
                When(~Q(stored_due_at=due), then=F("stored_due_at")),
                When(~Q(stored_bytes=size) | Q(active_jobs__gt=0), then=Now() + COUNTED_SOON),
                default=at_least_daily,
            ),
        )

    def note_storage_change(self, user_id: UUID) -> None:
        """Something was deleted: it is counted with the next run."""
        self.filter(pk=user_id).update(stored_due_at=Now())


class UserLimiter(models.Model):
    """Credits, concurrency and rule slots of one user. Every method but `get_user_state` needs
    the row locked by `lock`; counters move with F(), so that the CHECKs bite without it too.
    """

    user = models.OneToOneField(
        "users.User", models.PROTECT, primary_key=True, related_name="limiter"
    )
    credits = models.IntegerField(default=0)
    active_jobs = models.IntegerField(default=0)
    rule_slots_used = models.IntegerField(default=0)
    # What the storage had of the user at a moment, and when to look again (null: there is nothing).
    stored_bytes = models.BigIntegerField(db_default=0)
    stored_at = models.DateTimeField(null=True, blank=True)
    stored_due_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[UserLimiterQuerySet] = manager_of(UserLimiterQuerySet)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(credits__gte=0), name="limiter_credits_gte_0"),
            models.CheckConstraint(condition=Q(active_jobs__gte=0), name="limiter_jobs_gte_0"),
            models.CheckConstraint(condition=Q(rule_slots_used__gte=0), name="limiter_rules_gte_0"),
        )
        indexes = (
            models.Index(
                fields=["stored_due_at"],
                condition=Q(stored_due_at__isnull=False),
                name="limiter_storage_due",
            ),
        )

    def __str__(self) -> str:
        return counted(self.credits, "credit")

    @property
    def plan(self) -> Plan:
        return PLANS[self.user.plan]

    def get_user_state(self) -> UserState:
        return UserState(
            self.plan,
            self.credits,
            self.active_jobs,
            self.rule_slots_used,
            self.stored_bytes,
            self.stored_at,
        )

    # --- Credits and concurrency -----------------------------------------------------------

    def reserve(self, job_id: UUID, item_count: int) -> None:
        """Takes `item_count` credits and one job slot; a second reserve of a job is a no-op.

        Raises TokenInvalid for a deactivated user, else CreditsExhausted, ItemLimit,
        ConcurrencyLimit or StorageQuota, in this order of admission (contract §1.4), with no
        effect.
        """
        try:
            self.check_active()
            self.check_reserve(item_count)
        except DomainError:
            if is_reserved(self.pk, job_id):
                return
            raise
        reservation = Reservation(job_id=job_id, limiter_id=self.pk, item_count=item_count)
        event = self._event(BillingEvent.Type.RESERVE, -item_count, job_ref(job_id))
        if store_reservation(reservation, event, count_within=COUNTED_SOON):
            self._has_moved(event, active_jobs=+1)
        elif not is_reserved(self.pk, job_id):
            raise ValueError("the job is another user's")

    def check_active(self) -> None:
        """Raises TokenInvalid for a user who was deactivated or deleted since the request began."""
        if not self.user.is_active:
            raise TokenInvalid

    def check_reserve(self, item_count: int) -> None:
        """Raises what `reserve` of a new job would raise, with no effect in any case."""
        plan = self.plan
        if item_count > self.credits:
            raise CreditsExhausted(needed=item_count, available=self.credits)
        if item_count > plan.max_items_per_job:
            raise ItemLimit(plan=plan.name, limit=plan.max_items_per_job, items=item_count)
        if self.active_jobs >= plan.max_concurrency:
            raise ConcurrencyLimit(
                plan=plan.name, limit=plan.max_concurrency, open_jobs=self.open_jobs()
            )
        quota = settings.STORAGE_QUOTA_BYTES
        if quota is not None and self.stored_bytes >= quota:
            raise StorageQuota(used_mib=mebibytes(self.stored_bytes), limit_mib=quota // MIB)

    def open_jobs(self) -> list[str]:
        """The public ids of the jobs that hold a slot, oldest first."""
        held = self.reservations.filter(released_at__isnull=True).order_by("reserved_at")
        return [job_ref(job_id) for job_id in held.values_list("job_id", flat=True)]

    def release(self, job_id: UUID, done_items: int, total_items: int) -> int:
        """Settles a job: gives back `total_items - done_items` credits and the slot.

        Returns the credits given back; 0 with no effect when the job was settled before.
        Raises ValueError when `total_items` is not what was reserved, or less than `done_items`.
        """
        refund = total_items - done_items
        if refund < 0:
            raise ValueError("more items done than reserved")
        outcome = BillingEvent.Type.COMMIT if done_items else BillingEvent.Type.ROLLBACK
        event = self._event(outcome, refund, job_ref(job_id))
        if not store_release(job_id, total_items, event):
            if self.reservations.filter(job_id=job_id, released_at__isnull=True).exists():
                raise ValueError("the job's item count is not the reserved one")
            return 0
        self._has_moved(event, active_jobs=-1)
        return refund

    def grant(self, amount: int, ref: str | None = None) -> None:
        """Adds credits: an operator's gift, or those a plan comes with (`ref` names it). Raises
        BalanceTooLarge.
        """
        event = self._event(BillingEvent.Type.GRANT, amount, ref)
        move(event)
        self._has_moved(event)

    def refund(self, amount: int, ref: str) -> None:
        """Gives back credits that a job cost (`ref` names it), as an operator's correction. Raises
        BalanceTooLarge.
        """
        event = self._event(BillingEvent.Type.REFUND, amount, ref)
        move(event)
        self._has_moved(event)

    def grant_plan(self, plan: Plan) -> int:
        """The credits a plan grants when it is reached for the first time, less those that
        earlier plans granted; returns how many were added. Repeating it adds nothing.
        """
        granted = self.user.billing_events.filter(
            type=BillingEvent.Type.GRANT, ref__startswith="plan:"
        ).aggregate(total=models.Sum("amount", default=0))["total"]
        missing: int = max(plan.initial_credits - granted, 0)
        if missing:
            self.grant(missing, ref=f"plan:{plan.name}")
        return missing

    # A balance changes only with its ledger row, in one statement (`limiter_statements.py`). (A
    # sign-up inserts the first balance with its event: `sign_up_statement.py`.)

    def _event(self, kind: BillingEvent.Type, amount: int, ref: str | None) -> BillingEvent:
        """The ledger row of a change that is about to be written. Raises BalanceTooLarge."""
        if self.credits + amount > MAX_BALANCE:
            raise BalanceTooLarge
        return BillingEvent(
            user_id=self.pk,
            type=kind,
            amount=amount,
            balance_after=self.credits + amount,
            ref=ref,
        )

    def _has_moved(self, event: BillingEvent, *, active_jobs: int = 0) -> None:
        self.credits += event.amount
        self.active_jobs += active_jobs

    # --- Rule slots ------------------------------------------------------------------------

    def check_rule_slot(self) -> None:
        """Raises RuleSlotFull when the plan has no room for another rule."""
        plan = self.plan
        if self.rule_slots_used >= plan.max_rules:
            raise RuleSlotFull(plan=plan.name, limit=plan.max_rules)

    def increment_rule_slot(self) -> None:
        """Raises RuleSlotFull; to be called in the transaction that inserts the rule."""
        self.check_active()
        self.check_rule_slot()
        self._move_rule_slots(+1)

    def decrement_rule_slot(self) -> None:
        """To be called in the transaction that deleted the rule, once per deleted row."""
        self._move_rule_slots(-1)

    def _move_rule_slots(self, step: int) -> None:
        UserLimiter.objects.filter(pk=self.pk).update(rule_slots_used=F("rule_slots_used") + step)
        self.rule_slots_used += step


def mebibytes(size: int) -> int:
    """Begun ones count: what is there is never shown as nothing."""
    return -(-size // MIB)


LIMITERS = rows_of(UserLimiter)
WITH_LIMITER = SignedIn(
    LIMITERS.columns("limiter"), "LEFT JOIN users_userlimiter AS limiter ON limiter.user_id = u.id"
)
READ_LIMITER = f"""
    SELECT {LIMITERS.columns("limiter")}, {USERS.columns("owner")}
      FROM users_userlimiter AS limiter JOIN users_user AS owner ON owner.id = limiter.user_id
     WHERE limiter.user_id = %s
"""
LOCK_LIMITER = f"{READ_LIMITER} FOR NO KEY UPDATE OF limiter, owner"
