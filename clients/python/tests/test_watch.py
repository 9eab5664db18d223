"""Watching a job: by events, and by asking where they are missing or break."""

import json
from collections.abc import Iterable
from typing import Any

import anyio
import pytest

from s3sets import AsyncS3Client, NotFound, PackageLate, S3Client
from s3sets._async import watch as async_watch
from s3sets._sync import watch as sync_watch
from tests.conftest import KEY, QUICK
from tests.small_api import Reply, SmallApi, events, refused

JOB, EVENTS = "/jobs/job_1", "/jobs/job_1/events"


def job(status: str, *items: str, **more: Any) -> dict[str, Any]:
    done = items.count("done")
    return {
        "job_id": "job_1",
        "status": status,
        "progress": {"done": done, "failed": items.count("failed"), "total": len(items)},
        "items": [{"idx": i, "status": status} for i, status in enumerate(items)],
        "outputs_ready": [],
        **more,
    }


QUEUED = job("queued", "pending", "pending")
HALF = job("running", "done", "pending")
DONE = job("done", "done", "done")


def event(kind: str, data: object, id: str = "v1") -> bytes:
    return f"event: {kind}\nid: {id}\ndata: {json.dumps(data)}\n\n".encode()


def item(idx: int, status: str, done: int) -> bytes:
    progress = {"done": done, "failed": 0, "total": 2}
    data = {"progress": progress, "items": [{"idx": idx, "status": status}], "outputs_ready": []}
    return event("item", data, id=f"v{done + 1}")


STATUS_RUNNING = event("job", {"status": "running"}, id="v2")
STATUS_DONE = event("job", {"status": "done"}, id="v3")
END = event("end", {"status": "done"}, id="v3.end")


@pytest.fixture(params=["sync", "async"])
def watched(request: pytest.FixtureRequest, api: SmallApi, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Watches job_1 to its end; the states that were seen."""
    for module in (sync_watch, async_watch):
        monkeypatch.setattr(module, "PAUSE", 0.01)

    def sync() -> list[Any]:
        with S3Client(api.base_url, api_key=KEY, retries=QUICK, trust_env=False) as client:
            return list(client.watch_job("job_1", poll_seconds=0.01))

    async def coroutine() -> list[Any]:
        async with AsyncS3Client(
            api.base_url, api_key=KEY, retries=QUICK, trust_env=False
        ) as client:
            return [job async for job in client.watch_job("job_1", poll_seconds=0.01)]

    return sync if request.param == "sync" else lambda: anyio.run(coroutine)


def short(states: Iterable[Any]) -> list[tuple[str, int]]:
    return [(state["status"], state["progress"]["done"]) for state in states]


def test_events_are_put_together_to_the_job(api: SmallApi, watched: Any) -> None:
    stream = [
        b"retry: 2000\n\n: still here\n\n",
        event("snapshot", QUEUED),
        item(0, "done", 1)[:20],
        item(0, "done", 1)[20:],
        STATUS_RUNNING,
        item(1, "done", 2) + STATUS_DONE,
        END,
    ]
    api.on("GET", EVENTS, events(*stream))
    api.on("GET", JOB, Reply(data=DONE))

    states = watched()

    assert short(states) == [
        ("queued", 0),
        ("queued", 1),
        ("running", 1),
        ("running", 2),
        ("done", 2),
    ]
    assert states[-1] == DONE
    assert api.paths() == [f"GET {EVENTS}", f"GET {JOB}"]
    assert api.asked[0].headers["accept"] == "text/event-stream"
    assert api.asked[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_stream_that_breaks_is_taken_up_where_it_was(api: SmallApi, watched: Any) -> None:
    api.on(
        *("GET", EVENTS),
        events(event("snapshot", QUEUED), item(0, "done", 1), cut=True),
        events(item(1, "done", 2), STATUS_DONE, END),
    )
    api.on("GET", JOB, Reply(data=DONE))

    assert short(watched())[-1] == ("done", 2)

    said = [asked.headers.get("last-event-id") for asked in api.asked if asked.path == EVENTS]
    assert said == [None, "v2"]


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_without_events_is_asked(api: SmallApi, watched: Any, status: int) -> None:
    api.on("GET", EVENTS, refused(status, "NOT_FOUND"))
    etag = {"ETag": 'W/"1"'}
    api.on(
        *("GET", JOB),
        Reply(data=QUEUED, headers=etag),
        Reply(304, headers=etag),
        Reply(data=HALF),
        Reply(data=DONE),
    )

    assert short(watched()) == [("queued", 0), ("running", 1), ("done", 2)]

    assert api.paths().count(f"GET {EVENTS}") == 1
    assert api.asked[2].headers["if-none-match"] == 'W/"1"'


def test_a_page_in_place_of_events_is_no_events(api: SmallApi, watched: Any) -> None:
    api.on("GET", EVENTS, Reply(raw=b"<html>", headers={"Content-Type": "text/html"}))
    api.on("GET", JOB, Reply(data=DONE))

    assert short(watched()) == [("done", 2)]


def test_a_stream_that_breaks_again_and_again_is_given_up(api: SmallApi, watched: Any) -> None:
    api.on("GET", EVENTS, Reply(silent=True))
    api.on("GET", JOB, Reply(data=HALF), Reply(data=DONE))

    assert short(watched()) == [("running", 1), ("done", 2)]

    assert api.paths()[:3] == [f"GET {EVENTS}"] * 3


def test_after_a_while_of_asking_events_are_tried_again(
    api: SmallApi, watched: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (sync_watch, async_watch):
        monkeypatch.setattr(module, "UNTIL_TRIED_AGAIN", 0.05)
    busy = refused(429, "RATE_LIMITED", Retry_After="10")
    api.on("GET", EVENTS, busy, events(event("snapshot", DONE), END))
    api.on("GET", JOB, Reply(data=HALF))

    assert short(watched())[:2] == [("running", 1), ("done", 2)]


def test_a_web_process_says_what_there_is_and_ends(api: SmallApi, watched: Any) -> None:
    api.on(
        *("GET", EVENTS),
        events(b"retry: 10\n\n", event("snapshot", QUEUED)),
        events(b"retry: 10\n\n", event("snapshot", HALF, id="v2")),
        events(b"retry: 10\n\n", event("snapshot", DONE, id="v3"), END),
    )
    api.on("GET", JOB, Reply(data=DONE))

    assert short(watched()) == [("queued", 0), ("running", 1), ("done", 2)]


def test_204_says_that_all_was_heard(api: SmallApi, watched: Any) -> None:
    api.on("GET", EVENTS, Reply(204))
    api.on("GET", JOB, Reply(data=DONE))

    assert short(watched()) == [("done", 2)]


def test_a_package_in_the_making_is_waited_for(api: SmallApi, watched: Any) -> None:
    pending = {"template": "all", "status": "pending", "url": None}
    ready = {"template": "all", "status": "ready", "url": "https://…"}
    api.on("GET", EVENTS, refused(501, "NOT_FOUND"))
    api.on(
        *("GET", JOB),
        Reply(data={**DONE, "packages": [pending]}),
        Reply(data={**DONE, "packages": [ready]}),
    )

    assert [state["packages"][0]["status"] for state in watched()] == ["pending", "ready"]


def test_a_package_is_told_of_by_an_event(api: SmallApi, watched: Any) -> None:
    pending = {"template": "all", "status": "pending", "url": None}
    ready = {"template": "all", "status": "ready", "url": "https://…"}
    whole = {**DONE, "packages": [ready]}
    api.on(
        *("GET", EVENTS),
        events(
            event("snapshot", {**DONE, "packages": [pending]}),
            event("package", {"packages": [ready]}, id="v2"),
            END,
        ),
    )
    api.on("GET", JOB, Reply(data=whole))

    assert [state["packages"] for state in watched()] == [[pending], [ready]]


PENDING = {"template": "전후비교", "alias": "before_after", "status": "pending", "url": None}


@pytest.mark.parametrize("has_events", [True, False])
def test_a_package_that_nobody_makes_is_not_waited_for_for_ever(
    api: SmallApi, client: S3Client, *, has_events: bool
) -> None:
    whole = {**DONE, "packages": [PENDING]}
    stream = events(event("snapshot", whole), 0.1, b": still here\n\n", 0.1, b": still here\n\n")
    api.on("GET", EVENTS, stream if has_events else refused(501, "NOT_FOUND"))
    api.on("GET", JOB, Reply(data=whole))
    states = client.watch_job("job_1", poll_seconds=0.01, package_seconds=0.05)

    assert next(states) == whole
    with pytest.raises(PackageLate, match="before_after is not ready after 0 s") as caught:
        next(states)

    error = caught.value
    assert (error.code, error.templates, error.job) == ("PACKAGE_LATE", ("before_after",), whole)


def test_photos_in_work_are_no_late_package(api: SmallApi, client: S3Client) -> None:
    ready = {**PENDING, "status": "ready"}
    in_work = {**HALF, "packages": [PENDING]}
    api.on("GET", EVENTS, refused(501, "NOT_FOUND"))
    api.on(
        *("GET", JOB),
        *[Reply(data=in_work)] * 8,
        Reply(data={**DONE, "packages": [ready]}),
    )

    states = list(client.watch_job("job_1", poll_seconds=0.02, package_seconds=0.05))

    assert short(states) == [("running", 1), ("done", 2)]


def test_a_job_that_is_not_there_is_not_found(api: SmallApi, watched: Any) -> None:
    api.on("GET", EVENTS, refused(404, "JOB_NOT_FOUND"))
    api.on("GET", JOB, refused(404, "JOB_NOT_FOUND"))

    with pytest.raises(NotFound):
        watched()


def test_the_upload_list_ends_with_an_event(api: SmallApi, watched: Any) -> None:
    created = job("created", "pending", upload=[{"idx": 0, "url": "u", "key": "k"}])
    api.on(
        *("GET", EVENTS),
        events(event("snapshot", created), event("job", {"status": "uploaded", "upload": None})),
        events(event("snapshot", DONE), END),
    )
    api.on("GET", JOB, Reply(data=DONE))

    states = watched()

    assert ["upload" in state for state in states] == [True, False, False]
