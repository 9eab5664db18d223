"""A model of delivery: a broker that drops, doubles and reorders, workers that die, a clock that
runs, and the real services on the real database.

What must hold after every step is written down as invariants, and at the end of every run the
promise itself: whatever happened, all photos come to an end and every credit is accounted for.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from django.conf import settings as configured
from django.db import connection, transaction
from django.db.models import F
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from jobs.delivery import dispatch
from jobs.delivery.publish import GPU_QUEUE, Message
from jobs.events import EVENTS
from jobs.lifecycle import services
from jobs.models import ItemResult, JobCoordinator, JobItem, WebhookDelivery
from jobs.states import FINISHED, IN_WORK, ItemStatus, JobStatus
from jobs.tests.rows import assert_books_balance
from jobs.upkeep import sweep
from jobs.webhooks.endpoints import create_webhook
from users.models import BillingEvent, User, UserLimiter
from users.models.reservation import job_ref
from users.services import set_plan, sign_up_anonymously

WORKERS = ("gpu-1:10", "gpu-2:20", "gpu-3:30")
LONGEST_LEASE = max(configured.QUEUE_LEASE, configured.WORK_LEASE)
ROUNDS_TO_THE_END = 2 * configured.MAX_ATTEMPTS + 2
CREDITS = 200
# So few that a set of nine photos does not fit at once.
WINDOW, CHUNK = 2, 2
DONE_OR_FAILED = st.sampled_from([ItemStatus.DONE, ItemStatus.FAILED])
ANY = st.integers(0, 1000)


@dataclass(frozen=True)
class Held:
    """An item that a worker was granted and has not reported."""

    worker: str
    job: JobCoordinator
    idx: int
    attempt: int


class Delivery(RuleBasedStateMachine):
    user: User

    @initialize()
    def sign_up(self) -> None:
        self.user = sign_up_anonymously().user
        set_plan(user_id=self.user.id, plan="pro")
        create_webhook(user_id=self.user.id, url="https://example.com/", events=list(EVENTS))
        self.jobs: list[JobCoordinator] = []
        self.queue: list[dict[str, Any]] = []
        self.held: list[Held] = []
        self.reported: list[tuple[JobCoordinator, ItemResult]] = []
        self.broker_answers = True

    # --- Customers -----------------------------------------------------------------------------

    @precondition(lambda self: len(self.unfinished()) < 3)
    @rule(items=st.integers(1, 9))
    def start_set(self, items: int) -> None:
        job, _ = services.create_job(user_id=self.user.id, preset="seller", item_count=items)
        # Past the storage: what it holds has no say in delivery.
        with transaction.atomic():
            JobCoordinator.objects.lock(job.id).mark_uploaded()
        with self.broker():
            services.execute_job(user_id=self.user.id, job_id=job.id, concepts={}, protect=[])
        self.jobs.append(job)

    @precondition(lambda self: self.unfinished())
    @rule(which=ANY)
    def cancel(self, which: int) -> None:
        with self.broker():
            services.cancel_job(user_id=self.user.id, job_id=pick(self.unfinished(), which).id)

    # --- The broker ----------------------------------------------------------------------------

    @rule(answers=st.sampled_from([True, True, True, False]))
    def broker_goes_or_comes(self, answers: bool) -> None:
        self.broker_answers = answers

    @precondition(lambda self: self.queue)
    @rule(which=ANY)
    def drop(self, which: int) -> None:
        self.queue.remove(pick(self.queue, which))

    @precondition(lambda self: self.queue)
    @rule(which=ANY, place=ANY)
    def double_or_reorder(self, which: int, place: int) -> None:
        self.queue.insert(place % (len(self.queue) + 1), pick(self.queue, which))

    @rule()
    def flush(self) -> None:
        self.queue.clear()

    # --- Workers -------------------------------------------------------------------------------

    @precondition(lambda self: self.queue)
    @rule(workers=st.lists(st.sampled_from(WORKERS), min_size=1, max_size=2))
    def deliver(self, workers: list[str]) -> None:
        """The oldest message goes to a worker, or to two."""
        message = self.queue.pop(0)
        for worker in workers:
            self.claim(message, worker)

    def claim(self, message: dict[str, Any], worker: str) -> None:
        job = next(job for job in self.jobs if job.public_id == message["job_id"])
        idxs = [item["idx"] for item in message["items"]]
        others = job.items.in_hand().exclude(claimed_by=worker)
        taken = set(others.values_list("idx", flat=True))
        _, granted = services.claim_items(
            job_id=job.id, items=idxs, attempt=message["attempt"], worker=worker
        )
        assert taken.isdisjoint(granted), "granted what another worker has under a live lease"
        self.held += [Held(worker, job, idx, message["attempt"]) for idx in granted]

    @precondition(lambda self: self.held)
    @rule(which=ANY, status=DONE_OR_FAILED, others=st.integers(0, 2))
    def report(self, which: int, status: ItemStatus, others: int = 0) -> None:
        """A worker is done with a photo; so are others, which had it before or after."""
        held = pick(self.held, which)
        self.held.remove(held)
        for attempt in range(held.attempt, held.attempt + 1 + others):
            self.send(held.job, held.idx, attempt, status)

    @precondition(lambda self: self.jobs)
    @rule(which=ANY, idx=ANY, attempt=st.integers(1, 3), status=DONE_OR_FAILED)
    def report_unclaimed(self, which: int, idx: int, attempt: int, status: ItemStatus) -> None:
        """A plain worker that only knows the callback, with a key of its own."""
        job = pick(self.jobs, which)
        self.send(job, idx % job.total_items, attempt, status)

    @precondition(lambda self: self.reported)
    @rule(which=ANY)
    def report_again(self, which: int) -> None:
        job, result = pick(self.reported, which)
        _, effect = services.record_item_result(job_id=job.id, result=result)
        assert not effect.processed, "a repeated callback had an effect"

    @rule(worker=st.sampled_from(WORKERS))
    def worker_dies(self, worker: str) -> None:
        self.held = [held for held in self.held if held.worker != worker]

    # --- Time ----------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([6, 130, 1000]))
    def time_passes(self, seconds: int) -> None:
        """Everything that happened so far lies further back."""
        step = timedelta(seconds=seconds)
        JobItem.objects.filter(job__user=self.user).update(
            lease_expires_at=F("lease_expires_at") - step
        )
        JobCoordinator.objects.filter(user=self.user).update(
            queued_at=F("queued_at") - step, updated_at=F("updated_at") - step
        )

    @rule()
    def sweep(self) -> None:
        with self.broker():
            sweep.dispatch_due_items()
        if self.broker_answers:
            with connection.cursor() as cursor:
                cursor.execute("SELECT now()")
                [now] = cursor.fetchone()
            for job in self.fresh():
                if job.status in IN_WORK and job.queued_at < now - sweep.PUBLISH_GRACE:
                    items = job.items
                    assert not items.due().at_work().exists(), "swept over"
                    assert items.at_work().exists() or not items.unsent().exists(), "forgotten"

    @precondition(lambda self: any(job.status in FINISHED for job in self.fresh()))
    @rule(which=ANY)
    def settle_again(self, which: int) -> None:
        job = pick([job for job in self.fresh() if job.status in FINISHED], which)
        with transaction.atomic():
            limiter = UserLimiter.objects.lock(self.user.id)
            limiter.release(job.id, job.done_items, job.total_items)

    # --- What holds after every step -----------------------------------------------------------

    @invariant()
    def books_balance(self) -> None:
        assert_books_balance(self.user)

    @invariant()
    def settled_exactly_once(self) -> None:
        for job in self.fresh():
            settlements = BillingEvent.objects.filter(
                ref=job_ref(job.id), type__in=["commit", "rollback"]
            )
            assert settlements.count() == int(job.status in FINISHED)

    @invariant()
    def who_wants_to_know_is_told_of_every_settlement_and_of_nothing_else(self) -> None:
        told = WebhookDelivery.objects.filter(webhook__user=self.user, idx__isnull=True)
        settled = [(job.id, f"job.{job.status}") for job in self.fresh() if job.status in FINISHED]
        assert sorted(told.values_list("job_id", "type")) == sorted(settled)

    @invariant()
    def and_of_every_photo_that_was_reported(self) -> None:
        told = WebhookDelivery.objects.filter(webhook__user=self.user, idx__isnull=False)
        reported = []
        for item in JobItem.objects.filter(job__user=self.user):
            if item.status == ItemStatus.DONE:
                reported.append((item.job_id, item.idx, "item.done"))
            if item.status == ItemStatus.FAILED or item.superseded_key is not None:
                reported.append((item.job_id, item.idx, "item.failed"))
        assert sorted(told.values_list("job_id", "idx", "type")) == sorted(reported)

    @invariant()
    def nothing_is_out_of_reach(self) -> None:
        """Every pending item of a job in work is due or becomes so within a lease."""
        pending = JobItem.objects.filter(
            job__user=self.user, job__status__in=IN_WORK, status=ItemStatus.PENDING
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            [now] = cursor.fetchone()
        for item in pending:
            assert item.lease_expires_at is None or item.lease_expires_at <= now + LONGEST_LEASE
            assert item.attempt <= configured.MAX_ATTEMPTS

    @invariant()
    def no_job_has_more_at_work_than_its_window_holds(self) -> None:
        for job in self.fresh():
            assert job.items.at_work().count() <= configured.JOB_WINDOW * CHUNK

    def teardown(self) -> None:
        """The promise: with a broker, a worker and time, everything comes to its end."""
        if not hasattr(self, "user"):
            return
        self.broker_answers = True
        self.held.clear()
        for _ in range(ROUNDS_TO_THE_END):
            if not self.unfinished():
                break
            self.time_passes(1000)
            self.sweep()
            while self.queue:
                self.deliver([WORKERS[0]])
            while self.held:
                self.report(0, ItemStatus.DONE)
        assert not self.unfinished(), "some photos are never done"
        self.books_balance()
        self.settled_exactly_once()
        spent = sum(job.done_items for job in self.fresh() if job.status == JobStatus.DONE)
        assert UserLimiter.objects.get(pk=self.user.pk).credits == CREDITS - spent

    # --- Helpers -------------------------------------------------------------------------------

    @contextmanager
    def broker(self) -> Iterator[None]:
        """What the block publishes goes to the model's queue, or nowhere."""
        me = self.user.public_id

        def publish_all(task: str, messages: Sequence[Message], *, queue: str) -> bool:
            if self.broker_answers and queue == GPU_QUEUE:
                sent: list[Any] = [message.args[0] for message in messages]
                self.queue += [one for one in sent if one["user_id"] == me]
            return self.broker_answers

        def publish(task: str, args: list[object], *, queue: str) -> bool:
            return self.broker_answers

        with (
            patch.object(dispatch, "publish_all", publish_all),
            patch.object(dispatch, "publish", publish),
        ):
            yield

    def send(self, job: JobCoordinator, idx: int, attempt: int, status: ItemStatus) -> None:
        key = f"{job.public_id}:{idx}:attempt{attempt}"
        result = ItemResult(idx=idx, status=status, idempotency_key=key)
        with self.broker():
            services.record_item_result(job_id=job.id, result=result)
        # A failure that was overtaken is not known by its key, and may be judged anew.
        if job.items.filter(idempotency_key=key).exists():
            self.reported.append((job, result))

    def fresh(self) -> list[JobCoordinator]:
        return list(JobCoordinator.objects.filter(user=self.user))

    def unfinished(self) -> list[JobCoordinator]:
        return [job for job in self.fresh() if job.status not in FINISHED]


def pick(some: list[Any], which: int) -> Any:
    return some[which % len(some)]
