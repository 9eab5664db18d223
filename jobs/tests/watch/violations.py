"""A sound world, and the SQL that breaks a rule of it: what each check of the audit must find.

A statement speaks of `World.names`.
"""

from dataclasses import dataclass

from django.db import transaction

from jobs.lifecycle import services as job_services
from jobs.models import JobCoordinator, Rule
from jobs.states import ItemStatus, JobStatus
from jobs.tests.factories import RECOLOR_FLOOR, make_job, report
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
PHOTOS = "each photo lies with the upload of its own user"
DEADLINE = "nothing is older than its deadline"
LEASE = "no lease ended long ago"
PACKED = "each package is of a done job that is kept"
PACKING = "no lease of a package ended long ago"


def package(job: str, ago: str) -> str:
    """A package that was sent, and whose lease ended so long ago."""
    return (
        "INSERT INTO jobs_jobpackage (job_id, template, edition, options, status, files, bytes,"
        " error, attempt, claimed_by, lease_expires_at)"
        f" VALUES ({{{job}}}, 'all', 1, '{{{{}}}}', 'pending', 0, 0, '', 1, '',"
        f" now() - interval '{ago}')"
    )


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
    make_job(JobStatus.DONE, output_template="all")
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
        PHOTOS,
        "running",
        "UPDATE jobs_jobitem SET input_key = replace(input_key, '/job_', '/job_0')"
        " WHERE job_id = {running} AND idx = 1",
    ),
    (
        PHOTOS,
        "running",
        "UPDATE jobs_jobcoordinator SET source_job_id = {done}, photos_job_id = {done}"
        " WHERE id = {running}",
    ),
    (
        PHOTOS,
        "running",
        "UPDATE jobs_jobcoordinator SET source_job_id = {new}, photos_job_id = {new}"
        " WHERE id = {running}",
    ),
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
    (PACKED, "running", package("running", "1 minute")),
    (
        PACKED,
        "done",
        package("done", "1 minute")
        + "; UPDATE jobs_jobcoordinator SET deleted_at = now() WHERE id = {done}",
    ),
    (PACKING, "done", package("done", "16 minutes")),
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
