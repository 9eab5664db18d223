"""Whatever happens, in whatever order: credits are neither made nor lost."""

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_state_machine

from jobs.lifecycle import services
from jobs.models import ItemResult, JobCoordinator
from jobs.states import ItemStatus
from jobs.tests.rows import assert_books_balance
from s3project.errors import DomainError
from users.models import BillingEvent, User, UserLimiter
from users.plans import PLANS
from users.services import grant_credits, set_plan, sign_up_anonymously

# Refusals that an API user may meet; anything else is a mistake of ours and ends the run.
CODES = {
    "CREDITS_EXHAUSTED",
    "ITEM_LIMIT",
    "CONCURRENCY_LIMIT",
    "INVALID_TRANSITION",
    "ALREADY_CANCELED",
    "IDEMPOTENCY_CONFLICT",
}


class Bookkeeping(RuleBasedStateMachine):
    """One user, any of whose jobs may meet any event at any time."""

    user: User
    jobs: list[JobCoordinator]

    @initialize()
    def sign_up(self) -> None:
        self.user = sign_up_anonymously().user
        self.jobs = []
        self.plans = {"free"}
        self.given = 0

    @rule(plan=st.sampled_from(sorted(PLANS)))
    def set_plan(self, plan: str) -> None:
        set_plan(user_id=self.user.id, plan=plan)
        self.plans.add(plan)

    @rule(amount=st.integers(1, 20))
    def grant(self, amount: int) -> None:
        grant_credits(user_id=self.user.id, amount=amount)
        self.given += amount

    @rule(item_count=st.integers(1, 12))
    def create(self, item_count: int) -> None:
        def create_job() -> None:
            job, _ = services.create_job(
                user_id=self.user.id, preset="seller", item_count=item_count
            )
            self.jobs.append(job)

        self.attempt(create_job)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        job = self.some_job(data)
        # Past the storage: what it holds has no say in the books.
        self.attempt(lambda: JobCoordinator.objects.lock(job.id).mark_uploaded())

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def execute(self, data: st.DataObject) -> None:
        job = self.some_job(data)
        self.attempt(lambda: JobCoordinator.objects.lock(job.id).mark_queued({}, []))

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), status=st.sampled_from([ItemStatus.DONE, ItemStatus.FAILED]))
    def report(self, data: st.DataObject, status: ItemStatus) -> None:
        job = self.some_job(data)
        idx = data.draw(st.integers(0, job.total_items - 1), "idx")
        # Few keys, so that they repeat, also for another item.
        key = f"key {data.draw(st.integers(0, job.total_items), 'key')}"
        result = ItemResult(idx=idx, status=status, idempotency_key=key)
        self.attempt(lambda: services.record_item_result(job_id=job.id, result=result))

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), status=st.sampled_from([ItemStatus.DONE, ItemStatus.FAILED]))
    def finish(self, data: st.DataObject, status: ItemStatus) -> None:
        """All results at once, or long sequences would never reach the end of a job."""
        job = self.some_job(data)
        for idx in range(job.total_items):
            result = ItemResult(idx=idx, status=status, idempotency_key=f"the last {idx}")
            self.attempt(partial(services.record_item_result, job_id=job.id, result=result))

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        job = self.some_job(data)
        self.attempt(lambda: services.cancel_job(user_id=self.user.id, job_id=job.id))

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def settle_again(self, data: st.DataObject) -> None:
        """A settlement that comes twice finds the reservation released."""
        job = JobCoordinator.objects.get(pk=self.some_job(data).id)
        if job.is_finished:
            limiter = UserLimiter.objects.lock(self.user.id)
            assert limiter.release(job.id, job.done_items, job.total_items) == 0

    @invariant()
    def books_balance(self) -> None:
        assert_books_balance(self.user)

    @invariant()
    def every_credit_is_accounted_for(self) -> None:
        """Granted = left + held by unfinished jobs + spent on photos that were done."""
        granted = max(PLANS[plan].initial_credits for plan in self.plans) + self.given
        held = spent = 0
        for job in JobCoordinator.objects.filter(user=self.user):
            if not job.is_finished:
                held += job.total_items
            elif job.status == "done":
                spent += job.done_items
        assert granted == UserLimiter.objects.get(pk=self.user.pk).credits + held + spent

    def some_job(self, data: st.DataObject) -> JobCoordinator:
        return data.draw(st.sampled_from(self.jobs), "job")

    def attempt(self, action: Callable[[], object]) -> None:
        """Lets the action happen or be refused; a refusal posts nothing."""
        before = BillingEvent.objects.filter(user=self.user).count()
        try:
            action()
        except DomainError as refusal:
            if refusal.code not in CODES:
                raise
            assert BillingEvent.objects.filter(user=self.user).count() == before


@pytest.mark.django_db
def test_any_sequence_of_events_keeps_the_books_balanced() -> None:
    run_state_machine(
        Bookkeeping,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
