"""The worker's callbacks against a real HTTP server that answers as it is told (contract §4.3)."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jobs.backends import backend_of
from jobs.gpu.engine.messages import Edit, WorkItem, WorkMessage
from jobs.gpu.engine.places import Place
from jobs.gpu.reporter import Claim, DeliveryFailed, Reporter
from jobs.tests.gpu.callback_server import HANG_UP, serving


def message_for(url: str, attempt: int = 1) -> WorkMessage:
    return WorkMessage(
        job_id="job_1",
        user_id="u_1",
        preset="interior",
        concepts={"Wall": Edit("recolor", "oak_a")},
        protect=(),
        items=(WorkItem(3, "in/3.jpg", "out/3.png", "thumb/3.jpg"),),
        callback_url=f"{url}/jobs/job_1/callback",
        idempotency_prefix="job_1",
        attempt=attempt,
    )


@contextmanager
def reporting() -> Iterator[tuple[Reporter, list[float]]]:
    """A reporter whose waits are written down instead of being waited for."""
    waits: list[float] = []
    reporter = Reporter(
        secret="s3cret",
        timeout=2,
        worker="host:1",
        backend=backend_of("mine", ["Wall", "Label_Text"]),
        sleep=waits.append,
    )
    try:
        yield reporter, waits
    finally:
        reporter.close()


def test_a_finished_item_is_reported_with_its_keys_and_a_key_without_a_clock() -> None:
    with serving() as server, reporting() as (reporter, waits):
        reporter.done(message_for(server.url, attempt=2), 3, ["Wall: not found"])

    assert server.calls == [
        (
            "/jobs/job_1/callback",
            "Bearer s3cret",
            {
                "idx": 3,
                "status": "done",
                "output_key": "out/3.png",
                "preview_key": "thumb/3.jpg",
                "warnings": ["Wall: not found"],
                "idempotency_key": "job_1:3:attempt2",
            },
        )
    ]
    assert waits == []


def test_a_finished_item_tells_where_its_concepts_lie() -> None:
    places = {
        "Window": (Place((0.1, 0.25, 1 / 3, 0.5), 1, 0.98765),),
        "Mug": (Place((0, 0, 0.5, 1), 0.625, colour="#b23a2e"),),
    }
    with serving() as server, reporting() as (reporter, _):
        reporter.done(message_for(server.url), 3, [], places=places)

    assert server.calls[0][2]["instances"] == {
        "Window": [{"box": [0.1, 0.25, 0.3333, 0.5], "share": 1, "score": 0.9877}],
        "Mug": [{"box": [0, 0, 0.5, 1], "share": 0.625, "colour": "#b23a2e"}],
    }


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, HANG_UP])
def test_what_passes_is_tried_again_with_the_same_key(status: int) -> None:
    with serving(status, status) as server, reporting() as (reporter, waits):
        reporter.failed(message_for(server.url), 3, "the file is empty")

    assert len(server.calls) == 3
    assert {call[2]["idempotency_key"] for call in server.calls} == {"job_1:3:attempt1"}
    assert len(waits) == 2
    assert 0.5 <= waits[0] <= 1.5
    assert 1 <= waits[1] <= 3


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_a_refusal_is_final_and_stops_nothing(status: int) -> None:
    with serving(status) as server, reporting() as (reporter, waits):
        reporter.failed(message_for(server.url), 3, "the file is empty")

    assert len(server.calls) == 1
    assert waits == []


def test_what_cannot_be_delivered_fails_after_six_tries() -> None:
    with (
        serving(*[503] * 9) as server,
        reporting() as (reporter, waits),
        pytest.raises(DeliveryFailed),
    ):
        reporter.done(message_for(server.url), 3, [])

    assert len(server.calls) == 6
    for wait, base in zip(waits, (1, 2, 4, 8, 16), strict=True):
        assert base / 2 <= wait <= base * 1.5


def test_a_claim_asks_for_items_and_says_for_how_long_they_are_ours() -> None:
    data = {"granted": [3], "job_status": "queued", "lease_seconds": 120}
    with serving(data=data) as server, reporting() as (reporter, _):
        claim = reporter.claim(message_for(server.url, attempt=2), [3])

    assert claim == Claim(frozenset({3}), "queued", 120)
    assert server.calls == [
        (
            "/jobs/job_1/claim",
            "Bearer s3cret",
            {
                "items": [3],
                "attempt": 2,
                "worker": "host:1",
                "backend": "mine",
                "concepts": ["label_text", "wall"],
            },
        )
    ]


def test_a_claim_that_is_refused_grants_nothing() -> None:
    with serving(404) as server, reporting() as (reporter, _):
        claim = reporter.claim(message_for(server.url), [3])

    assert claim.granted == frozenset()
