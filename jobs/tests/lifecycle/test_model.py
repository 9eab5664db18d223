"""Delivery against its model, and mutants of the code: mistakes that the model must find."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError
from django.db.models import F
from django.db.models.functions import Now
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test as run_state_machine

from jobs.delivery import chunks, dispatch
from jobs.delivery.fair_share import Chunk
from jobs.lifecycle import services
from jobs.models import ItemResult, JobCoordinator, ResultEffect
from jobs.states import ItemStatus
from jobs.tests.lifecycle.delivery_model import CHUNK, WINDOW, Delivery
from users.models import BillingEvent, UserLimiter
from users.models.limiter import job_ref


def run(
    examples: int, steps: int, *, window: int = WINDOW, phases: tuple[Phase, ...] = tuple(Phase)
) -> None:
    with override_settings(JOB_WINDOW=window, BATCH_CONCURRENCY=CHUNK):
        run_state_machine(
            Delivery,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                derandomize=True,
                phases=phases,
                suppress_health_check=list(HealthCheck),
            ),
        )


@pytest.mark.django_db(transaction=True)
def test_whatever_the_broker_the_workers_and_the_clock_do_nothing_is_lost() -> None:
    run(examples=12, steps=30)


# --- Mutants: mistakes that the model must find ---------------------------------------------------

report_as_it_is = JobCoordinator.on_item_result


def count_by_key(job: JobCoordinator, result: ItemResult) -> ResultEffect:
    """Every new key counts, whether or not its photo was counted before."""
    effect = report_as_it_is(job, result)
    room = job.done_items + job.failed_items < job.total_items
    if not effect.processed and not effect.duplicate and job.is_in_work and room:
        JobCoordinator.objects.filter(pk=job.pk).update(done_items=F("done_items") + 1)
    return effect


def release_again(limiter: UserLimiter, job_id: Any, done_items: int, total_items: int) -> int:
    """Forgets to ask whether the reservation is still open."""
    refund = total_items - done_items
    kind = BillingEvent.Type.COMMIT if done_items else BillingEvent.Type.ROLLBACK
    limiter.reservations.filter(job_id=job_id).update(released_at=F("reserved_at"), outcome=kind)
    limiter._post(kind, refund, job_ref(job_id), active_jobs=-1)
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


MUTANTS: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "a result counts by its key": (JobCoordinator, "on_item_result", count_by_key),
    "a settlement repeats": (UserLimiter, "release", release_again),
    "a claim ignores live leases": (JobCoordinator, "claim", claim_everything),
    "the sweep forgets to lease": (dispatch, "lease_to_queue", lease_nothing),
    "the window is full and more is sent": (services, "reserve_chunks", all_the_window_is_free),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_model_finds_the_mutant(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*MUTANTS[mutant])

    # The narrowest window is the soonest full. What is found is found in the first few runs.
    with pytest.raises((AssertionError, DatabaseError)):
        run(examples=200, steps=30, window=1, phases=(Phase.generate,))
