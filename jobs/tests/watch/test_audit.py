"""`manage.py audit` finds each violation that is planted, and nothing where there is none.

The constraints and triggers that stand in a violation's way are taken down inside the test's
transaction.
"""

from dataclasses import dataclass

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from pytest_django import Settings

from jobs.lifecycle import services as job_services
from jobs.models import JobCoordinator, JobItem, Rule
from jobs.states import ItemStatus, JobStatus
from jobs.tests.clock import DAY, MINUTE, age
from jobs.tests.factories import RECOLOR_FLOOR, make_job, report
from jobs.watch.audit import Finding, run
from jobs.watch.audit_checks import CHECKS
from s3project import ids
from users import services
from users.models import User, UserLimiter
from users.tests.factories import make_user

CREDITS = "credits are the sum of the ledger"
BALANCES = "each balance begins where one ended"
CHARGED = "each reservation is charged once"
SETTLED = "each reservation is settled once, when released"
PAID_BACK = "each settlement pays back what was not done"
HELD = "each job holds its reservation until it ends"
SLOTS = "active_jobs = open reservations = unfinished jobs"
PROGRESS = "progress counts the items"
HISTORY = "history is complete, for finished jobs only"
RULES = "rule_slots_used = saved rules"
ENDED = "each photo ended as its history says"
DEADLINE = "nothing is older than its deadline"
LEASE = "no lease ended long ago"


@dataclass(frozen=True)
class World:
    """One user with a job in work, one that is partly done, and a rule; others around."""

    user: User
    running: JobCoordinator
    done: JobCoordinator

    @property
    def names(self) -> dict[str, str]:
        """What a planted statement may speak of."""
        return {
            "user": f"'{self.user.pk}'",
            "running": f"'{self.running.pk}'",
            "done": f"'{self.done.pk}'",
            "running_ref": f"'{self.running.public_id}'",
            "done_ref": f"'{self.done.public_id}'",
            "new": f"'{ids.new_id()}'",
        }


def make_world() -> World:
    for status in JobStatus:
        make_job(status)
    relabelled = make_job(JobStatus.FAILED)
    job_services.cancel_job(user_id=relabelled.user_id, job_id=relabelled.pk)
    user = make_user(plan="pro")
    done = make_job(JobStatus.QUEUED, user=user, items=3)
    for idx, result in enumerate((ItemStatus.DONE, ItemStatus.FAILED, ItemStatus.DONE)):
        report(done, idx, result)
    running = make_job(JobStatus.RUNNING, user=user, items=3)
    services.grant_credits(user_id=user.pk, amount=7)
    with transaction.atomic():
        UserLimiter.objects.lock(user.pk).increment_rule_slot()
        Rule.objects.create(user=user, name="Oak", preset_id="interior", concepts=RECOLOR_FLOOR)
    return World(user, running, done)


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


USER_VIOLATIONS = [
    (CREDITS, "UPDATE users_userlimiter SET credits = credits + 1 WHERE user_id = {user}"),
    (CREDITS, "UPDATE billing_events SET amount = amount + 1 WHERE ref = {done_ref}"),
    (
        BALANCES,
        "UPDATE billing_events SET balance_after = balance_after + 1 WHERE ref = {running_ref}",
    ),
    (BALANCES, "DELETE FROM billing_events WHERE ref = {done_ref} AND type = 'commit'"),
    (SLOTS, "UPDATE users_userlimiter SET active_jobs = active_jobs + 1 WHERE user_id = {user}"),
    (
        SLOTS,
        "UPDATE users_reservation SET released_at = now(), outcome = 'commit'"
        " WHERE job_id = {running}",
    ),
    (
        SLOTS,
        "UPDATE jobs_jobcoordinator SET status = 'canceled', finished_at = now()"
        " WHERE id = {running}",
    ),
    (RULES, "UPDATE users_userlimiter SET rule_slots_used = 0 WHERE user_id = {user}"),
    (RULES, "DELETE FROM jobs_rule WHERE user_id = {user}"),
]

JOB_VIOLATIONS = [
    (
        ENDED,
        "done",
        "UPDATE jobs_jobitem SET error = 'another' WHERE job_id = {done} AND status = 'failed'",
    ),
    (
        ENDED,
        "done",
        "UPDATE jobs_jobitem SET status = 'pending', idempotency_key = NULL"
        " WHERE job_id = {done} AND status = 'failed';"
        " UPDATE job_items_log SET status = 'pending' WHERE job_id = {done} AND status = 'failed'",
    ),
    (ENDED, "done", "DELETE FROM job_items_log WHERE job_id = {done} AND idx = 1"),
    (
        DEADLINE,
        "running",
        "UPDATE jobs_jobcoordinator SET updated_at = now() - interval '80 minutes'"
        " WHERE id = {running}",
    ),
    (
        LEASE,
        "running",
        "UPDATE jobs_jobitem SET attempt = 1, lease_expires_at = now() - interval '16 minutes'"
        " WHERE job_id = {running} AND idx = 2",
    ),
    (CHARGED, "running", "DELETE FROM billing_events WHERE ref = {running_ref}"),
    (
        CHARGED,
        "running",
        "UPDATE billing_events SET amount = amount + 1 WHERE ref = {running_ref}",
    ),
    (
        CHARGED,
        "running",
        "DROP INDEX billing_one_reserve_per_job; INSERT INTO billing_events"
        " (id, user_id, type, amount, balance_after, ref, created_at)"
        " SELECT {new}, user_id, type, amount, balance_after, ref, now()"
        " FROM billing_events WHERE ref = {running_ref}",
    ),
    (CHARGED, "done", "DELETE FROM users_reservation WHERE job_id = {done}"),
    (SETTLED, "done", "DELETE FROM billing_events WHERE ref = {done_ref} AND type = 'commit'"),
    (
        SETTLED,
        "done",
        "UPDATE users_reservation SET released_at = NULL, outcome = '' WHERE job_id = {done}",
    ),
    (
        SETTLED,
        "done",
        "UPDATE users_reservation SET outcome = 'rollback' WHERE job_id = {done}",
    ),
    (
        SETTLED,
        "running",
        "UPDATE users_reservation SET released_at = now(), outcome = 'commit'"
        " WHERE job_id = {running}",
    ),
    (
        SETTLED,
        "done",
        "DROP INDEX billing_one_settlement_per_job; INSERT INTO billing_events"
        " (id, user_id, type, amount, balance_after, ref, created_at)"
        " SELECT {new}, user_id, 'rollback', 0, balance_after, ref, now()"
        " FROM billing_events WHERE ref = {done_ref} AND type = 'commit'",
    ),
    (
        PAID_BACK,
        "done",
        "UPDATE billing_events SET amount = 3 WHERE ref = {done_ref} AND type = 'commit'",
    ),
    (
        PAID_BACK,
        "done",
        "UPDATE billing_events SET type = 'rollback' WHERE ref = {done_ref} AND type = 'commit'",
    ),
    (
        HELD,
        "running",
        "UPDATE users_reservation SET item_count = 2 WHERE job_id = {running}",
    ),
    (HELD, "done", "DELETE FROM users_reservation WHERE job_id = {done}"),
    (
        HELD,
        "done",
        "UPDATE users_reservation SET released_at = NULL, outcome = '' WHERE job_id = {done}",
    ),
    (
        PROGRESS,
        "running",
        "UPDATE jobs_jobcoordinator SET failed_items = 1 WHERE id = {running}",
    ),
    (PROGRESS, "running", "DELETE FROM jobs_jobitem WHERE job_id = {running} AND idx = 2"),
    (PROGRESS, "running", "DELETE FROM jobs_jobitem WHERE job_id = {running}"),
    (HISTORY, "done", "DELETE FROM jobs_log WHERE job_id = {done}"),
    (HISTORY, "done", "DELETE FROM job_items_log WHERE job_id = {done}"),
    (HISTORY, "done", "DELETE FROM job_items_log WHERE job_id = {done} AND idx = 1"),
    (HISTORY, "done", "UPDATE job_items_log SET status = 'done' WHERE job_id = {done}"),
    (HISTORY, "done", "UPDATE jobs_log SET status = 'failed' WHERE job_id = {done}"),
    (HISTORY, "running", "UPDATE jobs_log SET job_id = {running} WHERE job_id = {done}"),
    (HISTORY, "running", "UPDATE job_items_log SET job_id = {running} WHERE job_id = {done}"),
]


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
