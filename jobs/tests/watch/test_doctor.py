"""`manage.py doctor`: the whole of it, on an installation at work and on one that is in pieces.
What each part says is in `examinations/`."""

import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from jobs.models import Beat, JobCoordinator, WorkerHost
from jobs.storage.bucket import photo_storage
from jobs.tests.factories import make_job
from jobs.tests.live_sets import KITCHEN, is_finished, start_set, wait_for
from jobs.watch import doctor as whole
from jobs.watch.audit import run_audit
from jobs.watch.doctor import EXAMINATIONS, OF_GPU_HOSTS, examine
from jobs.watch.examinations.diagnosis import Diagnosis, State
from s3project import __version__
from s3project.embedded.ports import free_port
from s3project.testing.live import LiveStack
from users.tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.timeout(240)
def test_an_installation_at_work_has_nothing_wrong(
    live_stack: LiveStack, settings: Settings
) -> None:
    live_stack.start_web(REFRESH_RATE="600/hour")
    live_stack.start_events()
    live_stack.start_worker()
    client, job_id = start_set(live_stack.base_url, [KITCHEN])
    assert wait_for(client, job_id, is_finished)["status"] == "done"
    run_audit()
    Beat.objects.note()
    settings.PUBLIC_BASE_URL = settings.CALLBACK_BASE_URL = live_stack.base_url
    settings.TRUSTED_PROXIES = 1

    found = list(examine())

    assert [one for one in found if one.state == State.ERROR] == []
    assert list(dict.fromkeys(one.part for one in found)) == list(EXAMINATIONS)
    parts = ("web", "proxy", "events", "workers", "migrations", "beat", "audit")
    assert {one.finding for one in found if one.part in parts} == {
        f"PUBLIC_BASE_URL answers, version {__version__}",
        f"CALLBACK_BASE_URL answers, version {__version__}",
        "X-Forwarded-For of a client is not believed (TRUSTED_PROXIES=1)",
        "1 process listens for hints",
        f"{WorkerHost.objects.get()} runs cpu, claimed just now",
        "all applied",
        "maintenance heard its clock just now",
        "the last one, just now, found everything right",
    }
    assert photo_storage().sizes("doctor/") == {}, "what it put is gone"


def test_a_part_that_is_away_costs_its_own_line_only(settings: Settings) -> None:
    settings.CELERY_BROKER_URL = f"redis://web:its-password@127.0.0.1:{free_port()}/0"

    found = list(examine())

    [line] = [one for one in found if one.part == "broker"]
    assert (line.state, line.finding) == (State.ERROR, "no answer (ConnectionError)")
    assert "CELERY_BROKER_URL" in line.hint
    assert {one.part for one in found} == set(EXAMINATIONS)


def test_no_secret_is_told_whatever_is_broken(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = free_port()
    secrets = [f"secret-number-{number}-of-the-tests" for number in range(10)]
    given = iter(secrets)
    settings.SECRET_KEY = next(given)
    for name in ("JWT_SECRETS", "GPU_CALLBACK_SECRETS", "MESSAGE_KEYS", "METRICS_TOKENS"):
        setattr(settings, name, [next(given), "short"])
    settings.CELERY_BROKER_URL = f"redis://web:{next(given)}@127.0.0.1:{nowhere}/0"
    settings.RATE_LIMIT_URL = f"redis://limits:{next(given)}@127.0.0.1:{nowhere}/0"
    settings.PUBLIC_BASE_URL = f"http://me:{next(given)}@127.0.0.1:{nowhere}"
    settings.CALLBACK_BASE_URL = "no address at all"

    def broken(secret: str) -> Iterator[Diagnosis]:
        raise RuntimeError(secret)

    monkeypatch.setitem(EXAMINATIONS, "disk", partial(broken, next(given)))

    for told in (doctor(), doctor("--json")):
        text, wrong = told
        assert wrong
        assert [secret for secret in [*secrets, "short"] if f'"{secret}' in text] == []
        assert not any(secret in text for secret in secrets)
        assert "could not be examined (RuntimeError)" in text


def test_one_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def slow() -> Iterator[Diagnosis]:
        over.wait(20)
        yield Diagnosis("events", State.OK, "too late")

    only(monkeypatch, disk=[Diagnosis("disk", State.OK, "fine")])
    monkeypatch.setitem(EXAMINATIONS, "events", slow)
    monkeypatch.setitem(EXAMINATIONS, "web", partial(iter, [Diagnosis("web", State.OK, "there")]))
    # The others, which answer at once, are given so much on a machine that is busy.
    monkeypatch.setattr(whole, "LIMIT", 1.0)

    started = time.monotonic()
    found = [(one.part, one.state.value, one.finding) for one in examine()]
    took = time.monotonic() - started
    over.set()

    assert took < 2
    assert found == [
        ("disk", "ok", "fine"),
        ("events", "error", "no answer within 1 s"),
        ("web", "ok", "there"),
    ]


def test_a_gpu_host_is_asked_for_what_it_has(settings: Settings) -> None:
    settings.GPU_WORKER = True

    assert {one.part for one in examine()} == set(OF_GPU_HOSTS)


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


@pytest.mark.parametrize(("state", "mark"), [("warning", "!"), ("unknown", "?"), ("ok", "✓")])
def test_a_line_each_and_what_to_do(state: str, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, disk=[Diagnosis("disk", State(state), "full", "buy one")])

    assert doctor() == (f"{mark} disk         full\n               → buy one\n", False)


def test_an_error_exits_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, disk=[Diagnosis("disk", State.ERROR, "gone")])

    assert doctor() == ("✗ disk         gone\n", True)
    text, wrong = doctor("--json")
    assert wrong
    assert json.loads(text) == [{"part": "disk", "state": "error", "finding": "gone", "hint": ""}]


def test_a_disk_that_is_full_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    settings.BASE_DIR = tmp_path
    assert [one.state for one in EXAMINATIONS["disk"]()] == [State.OK, State.OK]
    monkeypatch.setattr("jobs.watch.examinations.host.LEAST_FREE", 1024**5)

    assert [one.state for one in EXAMINATIONS["disk"]()] == [State.WARNING, State.OK]


def test_jobs_of_users_are_only_read() -> None:
    make_job(user=make_user())
    before = JobCoordinator.objects.values().get()

    list(examine())

    assert JobCoordinator.objects.values().get() == before
