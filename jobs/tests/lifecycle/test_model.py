"""Delivery against its model, and mutants of the code: mistakes that the model must find."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import F
from django.db.models.functions import Now
from django.test import override_settings
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test as run_state_machine

from jobs.delivery import chunks, dispatch
from jobs.delivery.fair_share import Chunk
from jobs.lifecycle import services
from jobs.models import ItemResult, JobCoordinator, ResultEffect
from jobs.models.result_statements import FoundItem
from jobs.states import ItemStatus
from jobs.tests.lifecycle.delivery_model import CHUNK, WINDOW, Delivery
from users.models import BillingEvent, UserLimiter
from users.models.limiter_statements import move
from users.models.reservation import job_ref


@pytest.mark.django_db(transaction=True)
def test_whatever_the_broker_the_workers_and_the_clock_do_nothing_is_lost() -> None:
    with override_settings(JOB_WINDOW=WINDOW, BATCH_CONCURRENCY=CHUNK):
        run_state_machine(
            Delivery,
            settings=settings(
                max_examples=12,
                stateful_step_count=30,
                deadline=None,
                database=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )


# --- Mutants: mistakes that the model must find ---------------------------------------------------

report_as_it_is = JobCoordinator.on_item_result


def count_by_key(
    job: JobCoordinator, result: ItemResult, found: Mapping[int, FoundItem]
) -> ResultEffect:
    """Every new key counts, whether or not its photo was counted before."""
    effect = report_as_it_is(job, result, found)
    room = job.done_items + job.failed_items < job.total_items
    if not effect.processed and not effect.duplicate and job.is_in_work and room:
        JobCoordinator.objects.filter(pk=job.pk).update(done_items=F("done_items") + 1)
    return effect


def release_again(limiter: UserLimiter, job_id: Any, done_items: int, total_items: int) -> int:
    """Forgets to ask whether the reservation is still open."""
    refund = total_items - done_items
    kind = BillingEvent.Type.COMMIT if done_items else BillingEvent.Type.ROLLBACK
    limiter.reservations.filter(job_id=job_id).update(released_at=F("reserved_at"), outcome=kind)
    move(limiter._event(kind, refund, job_ref(job_id)))
    UserLimiter.objects.filter(pk=limiter.pk).update(active_jobs=F("active_jobs") - 1)
    return refund


def claim_everything(job: JobCoordinator, idxs: list[int], **claim: Any) -> list[int]:
    """Asks nobody who has it."""
    pending = job.items.filter(idx__in=idxs, status=ItemStatus.PENDING)
    granted = list(pending.values_list("idx", flat=True))
    until = Now() + claim["lease"]
    pending.update(claimed_by=claim["worker"], lease_expires_at=until)
    return granted


def lease_nothing(*args: Any, **kwargs: Any) -> int:
    """Publishes and forgets."""
    return 0


reserve_as_it_is = chunks.reserve_chunks


def all_the_window_is_free(job: JobCoordinator, *, at_work: int) -> list[Chunk]:
    """Does not look at what is on its way."""
    return reserve_as_it_is(job, at_work=0)


@dataclass(frozen=True)
class Mutant:
    """`code` stands in for an attribute; `story` brings it out, and `found_by` is who finds it."""

    owner: object
    attribute: str
    code: Callable[..., Any]
    story: Callable[[Delivery], None]
    found_by: str


def a_photo_is_reported_twice(model: Delivery) -> None:
    model.start_set(items=3)
    model.deliver(["gpu-1:10"])
    model.report(0, ItemStatus.DONE, others=1)


def a_finished_job_is_settled_again(model: Delivery) -> None:
    model.start_set(items=1)
    model.deliver(["gpu-1:10"])
    model.report(0, ItemStatus.DONE)
    model.settle_again(0)


def a_message_comes_to_two_workers(model: Delivery) -> None:
    model.start_set(items=2)
    model.deliver(["gpu-1:10", "gpu-2:20"])


def a_message_is_lost(model: Delivery) -> None:
    model.start_set(items=2)
    model.drop(0)
    model.time_passes(1000)
    model.sweep()


def a_photo_is_done_and_its_neighbour_is_not(model: Delivery) -> None:
    model.start_set(items=9)
    model.deliver(["gpu-1:10"])
    model.report(0, ItemStatus.DONE)


MUTANTS = {
    "a result counts by its key": Mutant(
        JobCoordinator,
        "on_item_result",
        count_by_key,
        a_photo_is_reported_twice,
        "assert_job_adds_up",
    ),
    "a settlement repeats": Mutant(
        UserLimiter, "release", release_again, a_finished_job_is_settled_again, "settle_again"
    ),
    "a claim ignores live leases": Mutant(
        JobCoordinator, "claim", claim_everything, a_message_comes_to_two_workers, "claim"
    ),
    "the sweep forgets to lease": Mutant(
        dispatch, "lease_to_queue", lease_nothing, a_message_is_lost, "sweep"
    ),
    "the window is full and more is sent": Mutant(
        services,
        "reserve_chunks",
        all_the_window_is_free,
        a_photo_is_done_and_its_neighbour_is_not,
        "no_job_has_more_at_work_than_its_window_holds",
    ),
}


def tell(story: Callable[[Delivery], None]) -> None:
    """Plays it to the end, with all that holds after every step asked after its last one."""
    # The narrowest window is the soonest full.
    with override_settings(JOB_WINDOW=1, BATCH_CONCURRENCY=CHUNK):
        model = Delivery()
        model.sign_up()
        story(model)
        for invariant in model.invariants:
            invariant.function(model)
        model.teardown()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", MUTANTS)
def test_the_model_finds_the_mutant(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = MUTANTS[name]
    tell(mutant.story)  # the code as it is has nothing to be found

    monkeypatch.setattr(mutant.owner, mutant.attribute, mutant.code)
    with pytest.raises((AssertionError, IntegrityError)) as found:
        tell(mutant.story)

    assert mutant.found_by in [entry.name for entry in found.traceback]
