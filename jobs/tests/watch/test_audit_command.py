"""`manage.py audit`: what it prints, how it ends, and the snapshot that it reads."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from jobs.lifecycle import services
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.factories import make_job
from jobs.watch.audit import Finding, audit
from jobs.watch.audit_checks import CHECKS
from s3project.testing.race import race

pytestmark = pytest.mark.django_db(transaction=True)

PAID_BACK = "each settlement pays back what was not done"
PROGRESS = "progress counts the items"


def test_the_command_says_that_everything_adds_up() -> None:
    make_job(JobStatus.DONE)
    out = StringIO()

    call_command("audit", stdout=out, no_color=True)

    heading, *lines, last = out.getvalue().splitlines()
    assert [line.split("  ")[0] for line in lines] == [f"✓ {check.name}" for check in CHECKS]
    assert {len(line) for line in (heading, *lines)} == {len(heading)}
    assert last.startswith("Everything adds up: 16 checks, ")


def test_the_command_fails_and_names_the_violations() -> None:
    job = make_job(JobStatus.RUNNING)
    JobCoordinator.objects.filter(pk=job.pk).update(failed_items=1)
    out = StringIO()

    with pytest.raises(CommandError, match=r"^1 violation in 16 checks, "):
        call_command("audit", stdout=out, no_color=True)

    lines = out.getvalue().splitlines()
    at = lines.index(next(line for line in lines if line.startswith(f"✗ {PROGRESS}")))
    assert lines[at + 1].strip() == job.public_id


def test_all_checks_see_the_snapshot_of_the_first() -> None:
    job = make_job(JobStatus.RUNNING)
    checks: Iterator[Finding] = audit()
    first = next(checks)

    race(lambda: services.cancel_job(user_id=job.user_id, job_id=job.pk))
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        assert cursor.fetchone() == ("on",)
    rest = list(checks)

    assert sum(finding.violations for finding in (first, *rest)) == 0
    settlements = next(f for f in rest if f.check.name == PAID_BACK)
    assert settlements.rows == 0
    assert next(f for f in audit() if f.check.name == PAID_BACK).rows == 1
