"""`manage.py doctor`: what it finds in a healthy installation, and in sick ones."""

import json
from datetime import timedelta
from functools import partial
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings

from jobs.backends import backend_of
from jobs.lifecycle import worker_backends
from jobs.models import AuditRun, JobCoordinator, WorkerHost
from jobs.states import JobStatus
from jobs.storage.bucket import photo_storage
from jobs.tests.clock import HOUR, age
from jobs.tests.factories import claim, make_job
from jobs.tests.live_sets import KITCHEN, is_finished, start_set, wait_for
from jobs.watch.audit import run_audit
from jobs.watch.doctor import EXAMINATIONS, Diagnosis, State, examine
from s3project import __version__
from s3project.embedded.ports import free_port
from s3project.testing.live import LiveStack
from users.tests.factories import make_user

pytestmark = pytest.mark.django_db


def of(part: str) -> list[Diagnosis]:
    return list(EXAMINATIONS[part]())


def findings(part: str) -> list[tuple[str, str]]:
    return [(found.state.value, found.finding) for found in of(part)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(240)
def test_an_installation_at_work_has_nothing_wrong(
    live_stack: LiveStack, settings: Settings
) -> None:
    live_stack.start_web()
    live_stack.start_events()
    live_stack.start_worker()
    client, job_id = start_set(live_stack.base_url, [KITCHEN])
    assert wait_for(client, job_id, is_finished)["status"] == "done"
    run_audit()
    settings.PUBLIC_BASE_URL = settings.CALLBACK_BASE_URL = live_stack.base_url

    found = list(examine())

    assert [one for one in found if one.state == State.ERROR] == []
    parts = {one.part for one in found}
    assert parts == set(EXAMINATIONS)
    told = {one.finding for one in found if one.part in ("web", "events", "workers", "migrations")}
    host = WorkerHost.objects.get()
    assert told == {
        f"PUBLIC_BASE_URL answers, version {__version__}",
        f"CALLBACK_BASE_URL answers, version {__version__}",
        "1 process listens for hints",
        f"{host} runs cpu, claimed just now",
        "all applied",
    }
    assert photo_storage().sizes("doctor/") == {}, "what it put is gone"


def test_an_events_process_that_is_not_there_is_said() -> None:
    [found] = of("events")

    assert (found.state, found.finding) == (State.WARNING, "no process listens for hints")


def test_a_worker_with_another_backend_is_named() -> None:
    WorkerHost.objects.note("gpu-7", backend_of("sam3"))

    [found] = of("workers")

    assert found.state == State.WARNING
    assert found.finding.startswith("gpu-7 runs 'sam3' (any concept), clients are told of 'cpu' (")


def test_a_host_is_written_down_once_a_minute_however_much_it_claims(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker_backends, "_noted", {})
    for pid in range(5):
        worker_backends.note_worker(f"gpu-1:{pid}", backend_of("cpu"))
    first = WorkerHost.objects.get()
    WorkerHost.objects.update(seen_at=Now() - timedelta(days=1))
    worker_backends.note_worker("gpu-1:9", backend_of("cpu"))
    assert WorkerHost.objects.get().seen_at < first.seen_at
    monkeypatch.setattr(worker_backends, "NOTED_EVERY", 0.0)

    worker_backends.note_worker("gpu-1:9", backend_of("cpu"))

    host = WorkerHost.objects.get()
    assert (host.host, host.first_seen_at) == ("gpu-1", first.first_seen_at)
    assert host.seen_at >= first.seen_at


def test_a_host_that_went_away_long_ago_is_forgotten() -> None:
    for host, days in (("old", 31), ("new", 29)):
        WorkerHost.objects.note(host, backend_of("cpu"))
        WorkerHost.objects.filter(pk=host).update(seen_at=Now() - timedelta(days=days))

    assert WorkerHost.objects.forget() == 1
    assert WorkerHost.objects.get().host == "new"


def test_photos_that_nobody_claims_are_an_error_and_without_any_a_warning() -> None:
    assert findings("workers") == [("warning", "none has claimed a photo for a day")]
    job = make_job(JobStatus.QUEUED)
    job.items.update(attempt=1)

    assert findings("workers") == [("error", "nobody claims, and 2 photos waiting")]


def test_photos_that_are_overdue_mean_that_maintenance_stands_still() -> None:
    job = make_job(JobStatus.QUEUED)
    claim(job, 0, 1)
    assert findings("maintenance")[0] == ("ok", "nothing is overdue")
    age(job, HOUR)

    assert findings("maintenance")[0] == ("error", "2 photos due for more than 2 minutes")


def test_the_last_audit_is_told() -> None:
    assert findings("maintenance")[1] == ("warning", "no audit has run yet")
    AuditRun.objects.create(seconds=1, rows=1)
    assert findings("maintenance")[1] == ("ok", "the last audit, just now, found everything right")
    AuditRun.objects.update(started_at=F("started_at") - timedelta(hours=3))
    assert findings("maintenance")[1] == ("error", "the last audit was 180 minutes ago")
    AuditRun.objects.update(violations={"balance": {"count": 1}})
    assert findings("maintenance")[1] == ("error", "the last audit found: balance")


def test_a_migration_that_is_missing_is_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE app = 'jobs' AND name ="
            " (SELECT max(name) FROM django_migrations WHERE app = 'jobs') RETURNING name"
        )
        [name] = cursor.fetchone()

    [found] = of("migrations")

    assert (found.state, found.hint) == (State.ERROR, "manage.py migrate")
    assert f"jobs.{name}" in found.finding


def test_the_superuser_of_the_tests_is_warned_of() -> None:
    assert ("warning", "s3 is a superuser") in findings("database") or (
        "warning", "s3 owns the tables",
    ) in findings("database")  # fmt: skip


@pytest.mark.parametrize(
    ("part", "name", "make_away"),
    [
        ("broker", "CELERY_BROKER_URL", "redis://127.0.0.1:{}/0"),
        ("web", "PUBLIC_BASE_URL", "http://127.0.0.1:{}"),
    ],
)
def test_a_part_that_is_away_costs_its_own_line_only(
    part: str, name: str, make_away: str, settings: Settings
) -> None:
    setattr(settings, name, make_away.format(free_port()))

    found = list(examine())

    [line] = [one for one in found if one.part == part]
    assert line.state == State.ERROR
    assert line.finding.startswith("no answer (")
    assert name in line.hint
    assert {one.part for one in found} == set(EXAMINATIONS)


def test_an_address_that_is_somebody_elses_is_an_error(settings: Settings) -> None:
    settings.PUBLIC_BASE_URL = settings.CALLBACK_BASE_URL = settings.STORAGE_S3_ENDPOINT

    assert [state for state, _ in findings("web")] == ["error", "error"]


def test_in_production_secrets_are_looked_at_and_not_told(settings: Settings) -> None:
    settings.PRODUCTION, settings.JWT_SECRETS = True, ["changeme" * 8]

    lines = [one for one in of("settings") if "JWT_SECRETS" in one.finding]

    assert len(lines) == 1
    assert lines[0].state == State.ERROR
    assert "changeme" not in lines[0].finding


def doctor(*arguments: str) -> tuple[str, bool]:
    """What it prints, and whether something is wrong."""
    out = StringIO()
    try:
        call_command("doctor", *arguments, stdout=out, no_color=True)
    except CommandError:
        return out.getvalue(), True
    return out.getvalue(), False


def only(monkeypatch: pytest.MonkeyPatch, **parts: list[Diagnosis]) -> None:
    for name in list(EXAMINATIONS):
        monkeypatch.delitem(EXAMINATIONS, name)
    for name, found in parts.items():
        monkeypatch.setitem(EXAMINATIONS, name, partial(iter, found))


def test_the_command_prints_a_line_each_and_exits_with_1_for_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only(monkeypatch, disk=[Diagnosis("disk", State.WARNING, "full", "buy one")])
    assert doctor() == ("! disk         full\n               → buy one\n", False)
    only(monkeypatch, disk=[Diagnosis("disk", State.ERROR, "gone")])
    assert doctor() == ("✗ disk         gone\n", True)
    text, wrong = doctor("--json")
    assert wrong
    assert json.loads(text) == [{"part": "disk", "state": "error", "finding": "gone", "hint": ""}]


def test_jobs_of_users_are_only_read() -> None:
    make_job(user=make_user())
    before = JobCoordinator.objects.values().get()

    list(examine())

    assert JobCoordinator.objects.values().get() == before
