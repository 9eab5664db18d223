"""A chunk as the worker processes it: real storage, real HTTP, and a segmenter that is told."""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.conf import settings

from jobs.backends import Backend
from jobs.gpu import transfer
from jobs.gpu.chunk_pipeline import ChunkPipeline
from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.errors import ModelError, PhotoError
from jobs.gpu.engine.messages import Edit, WorkItem, WorkMessage
from jobs.gpu.engine.order import Order
from jobs.gpu.engine.pipeline import EditedPhoto, Engine, PreparedPhoto, SeenPhoto
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.gpu.keyed_store import KeyedStore
from jobs.gpu.memory_budget import MemoryBudget
from jobs.gpu.reporter import DeliveryFailed, Reporter
from jobs.gpu.transfer import ObjectStore
from jobs.gpu.url_store import UrlStore
from jobs.tests.gpu.callback_server import INPUT_KEYS, Server, serving
from jobs.tests.gpu.engine.pictures import FixedSegmenter, left_half, opened, png_file, wall

pytestmark = pytest.mark.usefixtures("engines", "way")

WITH_KEYS, WITH_URLS = "with keys", "with URLs"


class Way:
    """How the worker of the test reaches the storage."""

    present = WITH_KEYS


@pytest.fixture(params=[WITH_KEYS, WITH_URLS])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(Way, "present", request.param)
    return str(request.param)


def store_of(message: WorkMessage, reporter: Reporter) -> ObjectStore:
    if Way.present == WITH_KEYS:
        return KeyedStore()
    return UrlStore(
        message,
        reporter,
        endpoint=settings.STORAGE_S3_ENDPOINT,
        bucket=settings.STORAGE_BUCKET,
    )


def answer(granted: Sequence[int], status: str = "running") -> dict[str, Any]:
    """Fits a claim and a callback alike."""
    return {"granted": list(granted), "job_status": status, "lease_seconds": 120}


def chunk_of(url: str, photos: Sequence[bytes | None], user: str = "") -> WorkMessage:
    """A message for these photos, stored; None was never uploaded. Of a new user, unless given:
    a user's masks are remembered."""
    job, user = f"job_{uuid4().hex}", user or f"u_{uuid4().hex}"
    items = tuple(
        WorkItem(
            idx,
            f"inputs/{user}/{job}/{idx}.jpg",
            f"outputs/{user}/{job}/{idx}_result.png",
            f"previews/{user}/{job}/{idx}_thumb.jpg",
        )
        for idx in range(len(photos))
    )
    for item, photo in zip(items, photos, strict=True):
        if photo is not None:
            KeyedStore().write(item.input_key, photo, "image/jpeg")
    INPUT_KEYS[job] = {item.idx: item.input_key for item in items}
    edits = {"Wall": Edit("recolor", "navy")}
    return WorkMessage(job, user, "interior", edits, (), items, f"{url}/jobs/{job}/callback", job)


def process(
    message: WorkMessage, engine: Engine, concurrency: int = 3, budget: MemoryBudget | None = None
) -> None:
    reporter = Reporter(
        secret="s3cret",
        timeout=2,
        worker="host:1",
        backend=Backend("sam3"),
        sleep=lambda seconds: None,
    )
    store, budget = store_of(message, reporter), budget or MemoryBudget(10**9)
    ChunkPipeline(message, reporter, lambda: engine, concurrency, store, budget).process()
    assert budget.taken == 0
    reporter.close()


def reports(server: Server) -> dict[int, str]:
    """What was reported of each item, in one word or the error."""
    bodies = server.to("callback")
    assert len({body["idx"] for body in bodies}) == len(bodies), "an item was reported twice"
    return {body["idx"]: body.get("error") or body["status"] for body in bodies}


def finder() -> FixedSegmenter:
    return FixedSegmenter({"Wall": left_half()})


def test_every_photo_of_a_chunk_is_edited_stored_and_reported_once() -> None:
    photos = [png_file(wall(seed=seed)) for seed in range(7)]
    with serving(data=answer(range(7))) as server:
        message = chunk_of(server.url, photos)
        process(message, Engine(finder()))
    assert reports(server) == dict.fromkeys(range(7), "done")
    for seed, item in enumerate(message.items):
        result = opened(transfer.fetch_photo(KeyedStore(), item.output_key))
        assert np.array_equal(result[:, 70:], wall(seed=seed)[:, 70:])
        assert not np.array_equal(result[:, :50], wall(seed=seed)[:, :50])
        assert transfer.fetch_photo(KeyedStore(), item.preview_key)[:2] == b"\xff\xd8"


def test_a_bad_photo_fails_alone() -> None:
    photos = [png_file(wall()), b"<svg/>", None, png_file(wall())[:900], png_file(wall(seed=1))]
    with serving(data=answer(range(5))) as server:
        process(chunk_of(server.url, photos), Engine(finder()))
    assert reports(server) == {
        0: "done",
        1: "not an image we can read (JPEG, PNG, WebP, AVIF or HEIC), it is text",
        2: transfer.NEVER_UPLOADED,
        3: "image is truncated or damaged",
        4: "done",
    }


def test_a_photo_on_which_nothing_changes_is_reported_as_failed_and_not_stored() -> None:
    with serving(data=answer(range(2))) as server:
        message = chunk_of(server.url, [png_file(wall()), png_file(wall(seed=1))])
        edits = {"Wall": Edit("recolor", "plaid"), "Door": Edit("remove")}
        process(replace(message, concepts=edits), Engine(finder()))
    reason = "nothing to change: not supported (Door), unknown value plaid (Wall)"
    assert reports(server) == {0: reason, 1: reason}
    for item in message.items:
        for key in (item.output_key, item.preview_key):
            with pytest.raises(PhotoError):
                transfer.fetch_photo(KeyedStore(), key)


def test_defaulted_protection_that_is_not_there_is_no_warning() -> None:
    with serving(data=answer([0])) as server:
        message = chunk_of(server.url, [png_file(wall())])
        process(replace(message, protect=("Grout",), protect_defaulted=True), Engine(finder()))
    (body,) = [body for path, _, body in server.calls if path.endswith("/callback")]
    assert (body["status"], body["warnings"]) == ("done", [])
    (place,) = body["instances"]["Wall"]
    assert (place["share"], len(place["box"]), place["colour"][0]) == (1, 4, "#")


def test_a_chunk_lays_its_edits_in_the_order_of_the_preset() -> None:
    # By name alone the tiles would lie under the wall.
    masks = {"Wall": np.full((80, 120), 255, np.uint8), "Tile": left_half()}
    with serving(data=answer([0])) as server:
        message = chunk_of(server.url, [png_file(wall())])
        edits = {"Tile": Edit("recolor", "#c02020"), "Wall": Edit("recolor", "#2020c0")}
        process(replace(message, concepts=edits), Engine(FixedSegmenter(masks)))
    result = opened(transfer.fetch_photo(KeyedStore(), message.items[0].output_key))
    assert result[40, 20, 0] > result[40, 20, 2]
    assert result[40, 100, 2] > result[40, 100, 0]


def test_a_model_that_fails_once_and_a_fault_of_ours_stay_with_their_photos() -> None:
    class Moody(FixedSegmenter):
        def segment(self, rgb: Rgb, concepts: Sequence[str]) -> Segmentation:
            found = super().segment(rgb, concepts)
            if len(self.calls) == 2:
                raise ModelError("out of memory on device 0 at /models/secret")
            if len(self.calls) == 3:
                raise ZeroDivisionError("an internal detail")
            return found

    photos = [png_file(wall(seed=seed)) for seed in range(4)]
    with serving(data=answer(range(4))) as server:
        process(chunk_of(server.url, photos), Engine(Moody({"Wall": left_half()})))
    assert reports(server) == {
        0: "done",
        1: "the model could not run",
        2: "the photo could not be processed",
        3: "done",
    }


def test_only_what_is_granted_is_touched() -> None:
    segmenter = finder()
    with serving(data=answer([1])) as server:
        message = chunk_of(server.url, [png_file(wall(seed=seed)) for seed in range(3)])
        process(message, Engine(segmenter))
    assert reports(server) == {1: "done"}
    assert len(segmenter.calls) == 1
    assert transfer.fetch(KeyedStore(), message.items[0].output_key) is None


def test_a_cancel_seen_in_an_answer_stops_the_rest() -> None:
    segmenter = finder()
    with serving(data=answer(range(12), "canceled")) as server:
        photos = [png_file(wall(seed=seed)) for seed in range(12)]
        process(chunk_of(server.url, photos), Engine(segmenter), concurrency=1)
    assert reports(server) == {0: "done"}
    assert len(segmenter.calls) == 1


def test_a_report_that_cannot_be_delivered_ends_the_chunk_after_what_has_begun() -> None:
    # Six of a report, and those of claims for masks, which fail nothing.
    statuses = [200, *[503] * 8]
    with serving(*statuses, data=answer(range(6))) as server:
        message = chunk_of(server.url, [png_file(wall(seed=seed)) for seed in range(6)])
        with pytest.raises(DeliveryFailed):
            process(message, Engine(finder()), concurrency=1)
    tried = {body["idx"] for body in server.to("callback")}
    assert tried == {0}
    assert transfer.fetch_photo(KeyedStore(), message.items[0].output_key)


@pytest.mark.parametrize("concurrency", [1, 2, 4])
def test_no_more_photos_than_allowed_are_in_memory(concurrency: int) -> None:
    class Counting(Engine):
        held = most = 0
        lock = threading.Lock()

        def prepare(self, data: bytes, order: Order) -> PreparedPhoto:
            with self.lock:
                self.held += 1
                self.most = max(self.most, self.held)
            return super().prepare(data, order)

        def finish(self, seen: SeenPhoto) -> EditedPhoto:
            time.sleep(0.03)
            result = super().finish(seen)
            with self.lock:
                self.held -= 1
            return result

    engine = Counting(finder())
    with serving(data=answer(range(8))) as server:
        photos = [png_file(wall(seed=seed)) for seed in range(8)]
        process(chunk_of(server.url, photos), engine, concurrency)
    assert reports(server) == dict.fromkeys(range(8), "done")
    assert min(concurrency, 2) <= engine.most <= concurrency


class Slow(FixedSegmenter):
    """Is not done with its photo before the lease was renewed so many times; how long that took is
    in `took`. Claims from before are not counted: how many there are depends on how quick the
    machine is."""

    def __init__(self, server: Server, renewals: int) -> None:
        super().__init__({"Wall": left_half()})
        self._server, self._renewals = server, renewals
        self.took = 0.0

    def segment(self, rgb: Rgb, concepts: Sequence[str]) -> Segmentation:
        started = time.monotonic()
        self._server.wait_for("claim", len(self._server.to("claim")) + self._renewals)
        self.took = time.monotonic() - started
        return super().segment(rgb, concepts)


# Half a second apart.
SHORT_LEASE = {"lease_seconds": 1}


def test_the_lease_is_renewed_twice_in_its_time_while_a_photo_is_in_work() -> None:
    with serving(data={**answer([0]), **SHORT_LEASE}) as server:
        slow = Slow(server, renewals=3)
        process(chunk_of(server.url, [png_file(wall())]), Engine(slow))
    claims = server.to("claim")
    assert [claim["items"] for claim in claims] == [[0]] * len(claims)
    assert len(claims) >= 4
    assert slow.took >= 1, "a renewal, and two more after half a second each"
    assert reports(server) == {0: "done"}


def test_when_all_is_reported_nothing_is_claimed_any_more() -> None:
    class Lingering(MemoryBudget):
        def give_back(self, amount: int) -> None:
            if server.to("callback"):
                time.sleep(0.7)  # the next renewal would be within half a second
            super().give_back(amount)

    with serving(data={**answer([0]), **SHORT_LEASE}) as server:
        process(chunk_of(server.url, [png_file(wall())]), Engine(finder()), 1, Lingering(10**9))
    assert {tuple(claim["items"]) for claim in server.to("claim")} == {(0,)}


def test_a_renewal_that_is_not_answered_fails_nothing() -> None:
    with serving(200, 503, 503, data={**answer([0]), **SHORT_LEASE}) as server:
        process(chunk_of(server.url, [png_file(wall())]), Engine(Slow(server, renewals=3)))
    assert reports(server) == {0: "done"}
    paths = [path.rpartition("/")[2] for path, *_ in server.calls]
    assert paths[:3] == ["claim"] * 3, "the renewals were the ones not answered"


def test_a_cancel_seen_in_a_renewal_stops_the_rest() -> None:
    photos = [png_file(wall(seed=seed)) for seed in range(4)]
    with serving(data={**answer(range(4)), **SHORT_LEASE}) as server:

        def canceled_after_the_first_claim(path: str) -> dict[str, Any]:
            renewed = path.endswith("/claim") and len(server.to("claim")) > 1
            return {**answer(range(4), "canceled" if renewed else "running"), **SHORT_LEASE}

        server.answers = canceled_after_the_first_claim
        # What the first one was answered is known when the second one comes.
        segmenter = Slow(server, renewals=2)
        process(chunk_of(server.url, photos), Engine(segmenter), concurrency=1)
    assert reports(server) == {0: "done"}
    assert len(segmenter.calls) == 1


def test_a_second_job_over_the_same_photos_segments_nothing() -> None:
    first, second = finder(), finder()
    other = finder()
    photos = [png_file(wall(seed=seed)) for seed in range(3)]
    with serving(data=answer(range(3))) as server:
        mine = chunk_of(server.url, photos)
        process(mine, Engine(first))
        again = chunk_of(server.url, photos, mine.user_id)
        process(again, Engine(second))
        process(chunk_of(server.url, photos), Engine(other))  # somebody else's
    assert (len(first.calls), second.calls, len(other.calls)) == (3, [], 3)
    assert not np.array_equal(
        opened(transfer.fetch_photo(KeyedStore(), again.items[0].output_key)), wall()
    )
