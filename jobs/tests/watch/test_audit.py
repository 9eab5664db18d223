"""`manage.py audit` finds each violation that is planted, and nothing where there is none.

The constraints and triggers that stand in a violation's way are taken down inside the test's
transaction.
"""

import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from pytest_django import Settings

from jobs.models import JobCoordinator, JobItem
from jobs.states import JobStatus
from jobs.tests.clock import DAY, MINUTE, age
from jobs.tests.factories import make_job
from jobs.tests.watch.violations import (
    CHARGED,
    CREDITS,
    DEADLINE,
    HELD,
    HISTORY,
    JOB_VIOLATIONS,
    PROGRESS,
    RULES,
    SLOTS,
    USER_VIOLATIONS,
    World,
    make_world,
)
from jobs.watch.audit import Finding, run
from jobs.watch.audit_checks import CHECKS
from users.models import UserLimiter
from users.tests.factories import make_user


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def plant(sql: str, world: World) -> None:
    with connection.cursor() as cursor:
        # Checks that are still to come would forbid ALTER TABLE.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE billing_events DISABLE TRIGGER billing_events_append_only")
        cursor.execute(sql.format(**world.names))


def findings() -> dict[str, Finding]:
    return {check.name: run(check) for check in CHECKS}


def test_a_sound_database_has_no_violation_in_any_check(world: World) -> None:
    found = findings()

    assert {name: finding.examples for name, finding in found.items()} == {
        name: [] for name in found
    }
    assert all(finding.violations == 0 < finding.rows for finding in found.values())


def test_an_empty_database_is_sound(db: None) -> None:
    assert sum(finding.violations for finding in findings().values()) == 0


@pytest.mark.parametrize(("name", "sql"), USER_VIOLATIONS)
def test_a_violation_of_a_user_is_found(world: World, name: str, sql: str) -> None:
    plant(sql, world)

    finding = findings()[name]

    assert (finding.violations, finding.examples) == (1, [world.user.public_id])


@pytest.mark.parametrize(("name", "job", "sql"), JOB_VIOLATIONS)
def test_a_violation_of_a_job_is_found(world: World, name: str, job: str, sql: str) -> None:
    plant(sql, world)

    finding = findings()[name]

    assert getattr(world, job).public_id in finding.examples


def test_a_charge_for_what_is_no_job_is_found_under_its_own_name(world: World) -> None:
    plant("UPDATE billing_events SET ref = 'nonsense' WHERE ref = {running_ref}", world)

    assert set(findings()[CHARGED].examples) == {"nonsense", world.running.public_id}


def test_credits_without_a_limiter_are_found(world: World) -> None:
    user = make_user()
    UserLimiter.objects.filter(pk=user.pk).delete()

    assert findings()[CREDITS].examples == [user.public_id]


def test_a_slot_held_by_a_job_that_never_was_is_found(world: World) -> None:
    plant(
        "INSERT INTO users_reservation (job_id, limiter_id, item_count, reserved_at, outcome)"
        " VALUES ({new}, {user}, 1, now(), '')",
        world,
    )

    found = findings()
    assert found[HELD].violations == found[CHARGED].violations == found[SLOTS].violations == 1


def test_an_archived_job_is_no_violation_and_one_that_only_says_so_is(world: World) -> None:
    job = JobCoordinator.objects.filter(pk=world.done.pk)
    job.update(storage_deleted_at=Now(), archived_at=Now())
    assert findings()[PROGRESS].violations == 1

    JobItem.objects.filter(job=world.done).delete()

    assert sum(finding.violations for finding in findings().values()) == 0


def test_a_settled_job_without_a_row_is_a_violation(world: World) -> None:
    JobItem.objects.filter(job=world.done).delete()
    world.done.delete()

    found = findings()

    assert (found[HELD].violations, found[HISTORY].violations) == (1, 1)


def test_at_most_five_examples_are_named(world: World) -> None:
    plant("UPDATE users_userlimiter SET rule_slots_used = 9", world)

    finding = findings()[RULES]

    assert finding.violations == finding.rows == UserLimiter.objects.count()
    assert len(set(finding.examples)) == 5


@pytest.mark.parametrize(
    ("status", "days"), [(JobStatus.CREATED, 1), (JobStatus.UPLOADED, 7), (JobStatus.QUEUED, 0)]
)
def test_a_job_is_overdue_only_when_the_clock_should_have_ended_it_a_while_ago(
    db: None, status: JobStatus, days: int
) -> None:
    job = make_job(status)
    assert settings.STALLED_AFTER is not None
    limit = days * DAY or 2 * settings.STALLED_AFTER + settings.WORK_LEASE
    age(job, limit + 14 * MINUTE)
    assert findings()[DEADLINE].violations == 0

    age(job, 2 * MINUTE)
    assert findings()[DEADLINE].examples == [job.public_id]


def test_what_never_ends_by_the_clock_is_never_overdue(db: None, settings: Settings) -> None:
    settings.CREATED_EXPIRES_AFTER = settings.STALLED_AFTER = None
    age(make_job(), 1000 * DAY)
    age(make_job(JobStatus.RUNNING), 1000 * DAY)

    assert findings()[DEADLINE].violations == 0
