"""Streams as clients meet them: the real events process behind the real front."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import requests
from django.db import connection

from jobs.delivery.hints import hint
from jobs.lifecycle import services
from jobs.models import JobCoordinator
from jobs.states import ItemStatus, JobStatus
from jobs.tests.factories import make_job, poll, report
from jobs.tests.packages import done_job, report_package
from s3project.acts.models import Act
from s3project.acts.words import Action
from s3project.embedded.stack import EmbeddedStack
from s3project.testing.listener import Listener
from s3project.testing.live import LiveStack
from s3project.testing.plugin import live_stack_of
from s3project.testing.quarters import wait_for_room
from s3project.testing.waiting import wait_until
from s3project.tests.embedded.process_table import (
    is_only_for_its_owner,
    listening_addresses,
    unix_sockets,
)
from users.api.auth import issue_token
from users.models import ApiKey, Session, User
from users.tests.factories import make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]

METRICS = "a-token-that-reads-the-metrics-of-the-events-process"
READS, MISSED = "s3_stream_reads_total", "s3_stream_hints_missed_total"
# Seconds within which a change is heard here; bench/watchers.py measures it.
SOON = 2.0


@pytest.fixture(scope="module")
def streams(
    engines: EmbeddedStack, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveStack]:
    with live_stack_of(engines, tmp_path_factory.mktemp("streams")) as stack:
        stack.start_events(METRICS_TOKEN=METRICS, WATCHERS_PER_USER="8", WATCHERS_MAX="12")
        yield stack


def listen(stack: LiveStack, job: JobCoordinator, **options: object) -> Listener:
    """As a browser: by the ticket of a poll."""
    return Listener(stack.base_url, poll(job).data["events_url"], **options)  # type: ignore[arg-type]  # by name


def pro() -> User:
    return make_user(plan="pro")


def metric(stack: LiveStack, name: str) -> float:
    answer = requests.get(
        f"{stack.base_url}/metrics/events",
        headers={"Authorization": f"Bearer {METRICS}"},
        timeout=10,
    )
    [value] = re.findall(rf"^{re.escape(name)} (\S+)$", answer.text, re.M)
    return float(value)


def nobody_watches(stack: LiveStack) -> None:
    """Those of the test before are forgotten, which is a moment after they left."""
    wait_until(lambda: metric(stack, "s3_watchers") == 0, seconds=10)


def test_the_life_of_a_job_is_heard_as_it_happens(streams: LiveStack) -> None:
    wait_for_room(30)
    job = make_job(user=pro(), items=3)
    with listen(streams, job) as heard:
        snapshot = heard.wait()
        polled = poll(job).data
        assert (snapshot.name, snapshot.data) == ("snapshot", polled)

        services.confirm_upload(user_id=job.user_id, job_id=job.id, uploads={})
        services.execute_job(user_id=job.user_id, job_id=job.id, concepts={}, protect=None)
        heard.wait_for(status="queued")
        for idx, status in enumerate([ItemStatus.DONE, ItemStatus.FAILED, ItemStatus.DONE]):
            reported_at = time.monotonic()
            report(job, idx, status)
            heard.wait_for(
                progress={"done": idx + 1 - (idx > 0), "failed": int(idx > 0), "total": 3}
            )
            assert heard.events[-1].at - reported_at < SOON
        heard.wait_for_end()

        now = poll(job).data
        assert {name: value for name, value in heard.job.items() if value is not None} == {
            name: value for name, value in now.items() if value is not None
        }
        assert heard.names[-1] == "end"
        assert heard.statuses == [200]


def test_a_package_is_heard_and_the_end_waits_for_it(streams: LiveStack) -> None:
    wait_for_room(30)
    job = done_job(user=pro())
    with listen(streams, job) as heard:
        snapshot = heard.wait()
        assert [one["status"] for one in snapshot.data["packages"]] == ["pending"]

        report_package(job)
        heard.wait_for_end()

        assert heard.names == ["snapshot", "package", "end"]
        [package] = heard.job["packages"]
        assert (package["status"], heard.job) == ("ready", poll(job).data)


def test_many_changes_at_once_are_few_events(streams: LiveStack) -> None:
    job = make_job(JobStatus.QUEUED, user=pro(), items=40)
    with listen(streams, job) as heard:
        known = heard.wait().id
        started = time.monotonic()
        for idx in range(39):
            report(job, idx)
        heard.wait_for(progress={"done": 39, "failed": 0, "total": 40})
        told = heard.events[1:]

    assert sum(len(event.data["items"]) for event in told if event.name == "item") == 39
    # When each was sent is not known here, but it was after the first report and before it was
    # heard. Those of one reading come together; the last of them has the new id.
    earlier = 0
    for number, event in enumerate(told, start=1):
        assert earlier <= 5 * (event.at - started), "more than five events in a second"
        if event.id != known:
            earlier, known = number, event.id
    assert earlier > 0


def test_all_watchers_of_a_job_hear_the_same_and_it_is_read_once(streams: LiveStack) -> None:
    job = make_job(JobStatus.RUNNING, user=pro(), items=4)
    with ExitStack() as watching:
        heard = [watching.enter_context(listen(streams, job)) for _ in range(6)]
        for each in heard:
            each.wait()
        for idx in (1, 2):
            reads, missed = metric(streams, READS), metric(streams, MISSED)
            report(job, idx)
            for each in heard:
                each.wait_for(progress={"done": idx + 1, "failed": 0, "total": 4})
            # A regular look that comes between the change and its hint makes one more, for once.
            if metric(streams, MISSED) == missed:
                break
        assert metric(streams, MISSED) == missed
        assert metric(streams, READS) - reads == 1
    assert len({each.events[-1].id for each in heard}) == 1


def test_a_change_that_no_hint_tells_of_is_heard_within_five_seconds(streams: LiveStack) -> None:
    job = make_job(JobStatus.RUNNING, user=pro(), items=4)
    with listen(streams, job) as heard:
        heard.wait()
        # As a process that cannot reach the broker.
        JobCoordinator.objects.filter(pk=job.pk).update(output_template="전후비교")
        changed_at = time.monotonic()
        JobCoordinator.objects.get(pk=job.pk).save(update_fields=["updated_at"])
        heard.wait_for(output_template="전후비교")
        assert heard.events[-1].at - changed_at < 6


def test_who_comes_again_with_what_is_so_still_is_told_what_follows_only(
    streams: LiveStack,
) -> None:
    job = make_job(JobStatus.RUNNING, user=pro(), items=4)
    with listen(streams, job) as first:
        known = first.wait().id
    with listen(streams, job, last_event_id=known, known=first.job) as again:
        assert again.wait_for_answer() == 200
        time.sleep(0.5)
        report(job, 1)
        again.wait_for(progress={"done": 2, "failed": 0, "total": 4})
        assert "snapshot" not in again.names

    with listen(streams, job, last_event_id=known) as behind:
        assert behind.wait().name == "snapshot"


def test_a_sign_out_ends_open_streams_within_a_minute(streams: LiveStack) -> None:
    job = make_job(JobStatus.UPLOADED, user=pro(), items=4)
    session = Session.objects.open(job.user_id)[0].id
    path = f"/jobs/{job.public_id}/events"
    with (
        Listener(streams.base_url, path, token=issue_token(job.user, session)) as out,
        Listener(streams.base_url, path, token=issue_token(job.user)) as other,
    ):
        out.wait()
        other.wait()
        Session.objects.revoke(session)
        signed_out_at = time.monotonic()
        assert out.wait_for_answer(2, seconds=60) == 401
        assert time.monotonic() - signed_out_at < 60
        assert other.statuses == [200]
        # Meanwhile nothing happened, and was said so.
        wait_until(lambda: other.comments > 0, seconds=20)


def test_with_few_rights_it_notes_the_use_of_a_key_and_whom_it_refused(
    streams: LiveStack,
) -> None:
    """What its role may write (docs/adr/0012-watchers.md)."""
    job = make_job(JobStatus.RUNNING, user=pro(), items=4)
    row, key = ApiKey.issue(job.user_id, "shop", None)
    path = f"/jobs/{job.public_id}/events"
    with Listener(streams.base_url, path, token=key) as heard:
        assert heard.wait().name == "snapshot"
    row.refresh_from_db()
    assert row.last_used_at is not None

    User.objects.filter(pk=job.user_id).update(is_active=False)
    refused = requests.get(
        streams.base_url + path, headers={"Authorization": f"Bearer {key}"}, timeout=10
    )
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "TOKEN_INVALID")
    act = Act.objects.get(action=Action.INACTIVE_USER_REFUSED, object_id=job.user.public_id)
    assert act.details == {"times": 1}


def test_streams_of_one_user_and_of_all_are_limited(streams: LiveStack) -> None:
    nobody_watches(streams)
    mine = make_job(JobStatus.RUNNING, user=pro(), items=4)
    theirs = make_job(JobStatus.RUNNING, user=pro(), items=4)
    with ExitStack() as watching:
        for _ in range(8):
            watching.enter_context(listen(streams, mine)).wait()
        refused = requests.get(streams.base_url + poll(mine).data["events_url"], timeout=10)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")
        assert refused.headers["Content-Type"] == "application/json"
        assert refused.json()["error"]["code"] == "RATE_LIMITED"
        assert refused.json()["meta"]["request_id"] == refused.headers["X-Request-ID"]

        for _ in range(4):
            watching.enter_context(listen(streams, theirs)).wait()
        full = requests.get(streams.base_url + poll(theirs).data["events_url"], timeout=10)
        assert (full.status_code, full.headers["Retry-After"]) == (503, "2")
        assert full.json()["error"]["code"] == "UNAVAILABLE"
        assert metric(streams, "s3_watchers") == 12
        assert connections_of_events() <= 4, "a watcher holds none"

    with listen(streams, mine) as heard:
        assert heard.wait().name == "snapshot"


def test_whoever_leaves_is_forgotten(streams: LiveStack) -> None:
    nobody_watches(streams)
    job = make_job(JobStatus.RUNNING, user=pro(), items=4)
    with listen(streams, job) as heard:
        heard.wait()
        assert metric(streams, "s3_watched_jobs") == 1
    nobody_watches(streams)
    assert metric(streams, "s3_watched_jobs") == 0


def test_streams_outlive_the_connections_of_the_process_to_the_database(
    streams: LiveStack,
) -> None:
    """As after a restart of the database; bench/faults has real ones."""
    job = make_job(JobStatus.RUNNING, user=pro(), items=4)
    with listen(streams, job) as heard:
        heard.wait()
        for idx in (1, 2):
            assert cut_connections() > 0
            report(job, idx)
            heard.wait_for(progress={"done": idx + 1, "failed": 0, "total": 4})
        assert heard.statuses == [200]


def connections_of_events() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = 's3_events'"
        )
        count: int = cursor.fetchone()[0]
    return count


def cut_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = 's3_events'"
        )
        count: int = cursor.fetchone()[0]
    return count


def test_a_reader_that_does_not_read_keeps_nobody_waiting_and_is_dropped(
    streams: LiveStack,
) -> None:
    job = make_job(JobStatus.RUNNING, user=pro(), items=200)
    place = urlsplit(streams.base_url)
    url = poll(job).data["events_url"]
    with socket.socket() as lazy, listen(streams, job) as heard:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect((place.hostname, place.port))
        lazy.sendall(f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        heard.wait()
        # Megabytes of changes, which the other reads as they come. Large ones: in some seconds all
        # that lies between is full.
        names = {"padding": "x" * 400}
        deadline = time.monotonic() + 60
        turn = 0
        while not _has_slow(streams):
            assert time.monotonic() < deadline, "never dropped"
            turn += 1
            metadata = {f"k{n}": f"{turn}" + "x" * 1900 for n in range(16)} | names
            concepts = {
                f"c{n}" * 8: {"action": "tone", "value": f"{turn}" + "y" * 700} for n in range(64)
            }
            JobCoordinator.objects.filter(pk=job.pk).update(metadata=metadata, concepts=concepts)
            report_anything(job)
        assert heard.statuses == [200]
        report(job, 1)
        heard.wait_for(progress={"done": 2, "failed": 0, "total": 200})


SLOW = 's3_streams_closed_total{reason="slow"}'


def _has_slow(stack: LiveStack) -> bool:
    answer = requests.get(
        f"{stack.base_url}/metrics/events",
        headers={"Authorization": f"Bearer {METRICS}"},
        timeout=10,
    )
    return SLOW in answer.text


def report_anything(job: JobCoordinator) -> None:
    JobCoordinator.objects.get(pk=job.pk).save(update_fields=["updated_at"])
    hint(job.id)
    time.sleep(0.2)


def test_the_process_is_reached_through_the_front_only(streams: LiveStack) -> None:
    assert listening_addresses(streams.pids["events"]) == set()
    sockets = unix_sockets(streams.pids["events"])
    assert [path.name for path in sockets] == ["events.sock"]
    assert all(is_only_for_its_owner(path) for path in sockets)


def test_the_process_serves_nothing_else(streams: LiveStack) -> None:
    answer = requests.get(f"{streams.base_url}/metrics/events", timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert "Traceback" not in streams.log("events")
