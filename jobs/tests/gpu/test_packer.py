"""The packer: what it stores and reports, and what it leaves to another try."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO
from uuid import uuid4

import cv2
import numpy as np
import pytest

from jobs.gpu import transfer
from jobs.gpu.engine.messages import WorkItem, WorkMessage
from jobs.gpu.engine.packages.message import PackageMessage
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.engine.segmenters.obedient import ObedientSegmenter
from jobs.gpu.memory_budget import MemoryBudget
from jobs.gpu.packer import Packer
from jobs.gpu.patience import Patience
from jobs.gpu.reporter import Claim, DeliveryFailed
from jobs.gpu.transfer import TransferFailed
from s3project.testing.waiting import wait_until

USER, JOB = f"u_{uuid4().hex}", f"job_{uuid4().hex}"
ZIP = f"packages/{USER}/{JOB}/before_after-2.zip"
BOARD = f"packages/{USER}/{JOB}/before_after-2.jpg"
PATIENCE = 1800.0  # seconds
ENGINE = Engine(ObedientSegmenter())


class Bucket:
    """The storage as a dict; `away` are keys that it does not answer for."""

    asks: Mapping[str, Any] = {}

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.away: set[str] = set()

    def note(self, claim: Claim) -> None: ...

    def open_masks(self, idx: int, names: Sequence[str], digest: str, stem: str = "") -> None: ...

    def read(self, key: str) -> bytes | None:
        self._check(key)
        return self.objects.get(key)

    def read_into(self, key: str, target: BinaryIO) -> bool:
        self._check(key)
        target.write(self.objects.get(key, b""))
        return key in self.objects

    def write(self, key: str, data: bytes | BinaryIO, content_type: str) -> None:
        self._check(key)
        self.objects[key] = data if isinstance(data, bytes) else data.read()

    def _check(self, key: str) -> None:
        if key in self.away:
            raise TransferFailed("status 503")


class Time:
    """A clock that sleeping moves; the storage is back at a time."""

    def __init__(self, bucket: Bucket, *, back_at: float) -> None:
        self._bucket = bucket
        self._back_at = back_at
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.now >= self._back_at:
            self._bucket.away = set()

    def clock(self) -> float:
        return self.now


class Server:
    """What a reporter is to a packer."""

    lease = 120.0

    def __init__(self, *, granted: bool = True) -> None:
        self.granted = granted
        self.refused = False
        self.said: list[tuple[str, dict[str, Any]]] = []

    def claim_package(self, message: PackageMessage, items: Sequence[int], **_: Any) -> Claim:
        if not self.granted:
            self.refused = True
            return Claim(frozenset(), "done", 0)
        return Claim(frozenset(items), "done", self.lease)  # type: ignore[arg-type]  # as in JSON

    def package_ready(self, message: PackageMessage, **facts: Any) -> None:
        self.said.append(("ready", facts))

    def package_failed(self, message: PackageMessage, error: str, **facts: Any) -> None:
        self.said.append((error, facts))


def photo(colour: tuple[int, int, int]) -> bytes:
    return cv2.imencode(".png", np.full((60, 80, 3), colour, np.uint8))[1].tobytes()


def message(idxs: Sequence[int] = (0, 1)) -> PackageMessage:
    work = WorkMessage(
        job_id=JOB,
        user_id=USER,
        preset="interior",
        concepts={},
        protect=(),
        items=tuple(
            WorkItem(
                idx,
                f"inputs/{USER}/{JOB}/{idx}.jpg",
                f"outputs/{USER}/{JOB}/{idx}_result.png",
                f"previews/{USER}/{JOB}/{idx}_thumb.jpg",
            )
            for idx in idxs
        ),
        callback_url=f"https://api.example.com/jobs/{JOB}/packages/before_after/callback",
        idempotency_prefix=JOB,
    )
    names = {0: "주방 전경.jpg", 1: "주방 전경.jpg"}
    return PackageMessage(work, "before_after", 2, {}, names)


@pytest.fixture
def bucket() -> Bucket:
    bucket = Bucket()
    for item in message().work.items:
        bucket.objects[item.input_key] = photo((0, 0, 255))
        bucket.objects[item.output_key] = photo((255, 0, 0))
    return bucket


def pack(
    bucket: Bucket,
    server: Server,
    sent: PackageMessage | None = None,
    *,
    time: Time | None = None,
    sleep: Callable[[float], None] | None = None,
) -> None:
    budget = MemoryBudget(2**30)
    time = time or Time(bucket, back_at=0)
    patience = Patience(PATIENCE, sleep=sleep or time.sleep, clock=time.clock)
    # The shapes of a reporter and a store are all that is asked of them.
    packer = Packer(sent or message(), server, lambda: ENGINE, bucket, budget, patience)  # type: ignore[arg-type]  # see above
    packer.make()
    assert budget.taken == 0


def test_archive_and_board_are_stored_and_reported(bucket: Bucket) -> None:
    server = Server()

    pack(bucket, server)

    [(word, facts)] = server.said
    assert word == "ready"
    assert (facts["files"], facts["size"]) == (3, len(bucket.objects[ZIP]))
    with zipfile.ZipFile(io.BytesIO(bucket.objects[ZIP])) as archive:
        assert archive.namelist() == ["주방 전경.jpg", "주방 전경-2.jpg", "board.jpg"]
        assert archive.read("board.jpg") == bucket.objects[BOARD]


def test_what_is_not_ours_is_left_alone(bucket: Bucket) -> None:
    server = Server(granted=False)
    before = dict(bucket.objects)

    pack(bucket, server)

    assert (server.said, bucket.objects) == ([], before)


def test_a_photo_that_cannot_be_used_is_left_out(bucket: Bucket) -> None:
    server = Server()
    bucket.objects[message().work.items[0].input_key] = b"no photo"

    pack(bucket, server)

    assert server.said[0][1]["files"] == 2
    with zipfile.ZipFile(io.BytesIO(bucket.objects[ZIP])) as archive:
        assert archive.namelist() == ["주방 전경-2.jpg", "board.jpg"]


def test_without_any_photo_it_fails_with_the_first_ones_reason(bucket: Bucket) -> None:
    server = Server()
    del bucket.objects[message().work.items[0].output_key]
    bucket.objects[message().work.items[1].input_key] = b"no photo"

    pack(bucket, server)

    assert [word for word, _ in server.said] == ["a result could not be read"]
    assert ZIP not in bucket.objects


@pytest.mark.parametrize("which", ["input", "output", "board", "archive"])
def test_an_outage_of_the_storage_is_waited_out_and_counts_against_nobody(
    bucket: Bucket, which: str
) -> None:
    server, time = Server(), Time(bucket, back_at=360)
    item = message().work.items[1]
    away = {"input": item.input_key, "output": item.output_key, "board": BOARD, "archive": ZIP}
    bucket.away = {away[which]}

    pack(bucket, server, time=time)

    [(word, facts)] = server.said
    assert (word, facts["files"], facts["size"]) == ("ready", 3, len(bucket.objects[ZIP]))
    assert facts["held_ms"] == 0
    assert 360 < time.now < 400
    with zipfile.ZipFile(io.BytesIO(bucket.objects[ZIP])) as archive:
        assert archive.testzip() is None


def test_a_storage_that_does_not_come_back_is_the_reason(bucket: Bucket) -> None:
    server, time = Server(), Time(bucket, back_at=100_000)
    bucket.away = {ZIP}

    pack(bucket, server, time=time)

    assert [word for word, _ in server.said] == ["the storage did not answer"]
    assert PATIENCE <= time.now < PATIENCE + 40


def test_nobody_waits_for_a_package_that_is_not_wanted_any_more(bucket: Bucket) -> None:
    server, time = Server(), Time(bucket, back_at=100_000)
    server.lease = 0.02  # the next renewal is in 10 ms
    bucket.away = {ZIP}

    def sleep(seconds: float) -> None:
        server.granted = False
        wait_until(lambda: server.refused, seconds=10)

    pack(bucket, server, time=time, sleep=sleep)

    assert server.said == []


def test_a_server_that_gives_no_urls_is_no_outage_of_the_storage(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server()

    def read(key: str) -> bytes | None:
        raise transfer.ServerAway("status 503")

    monkeypatch.setattr(bucket, "read", read)

    with pytest.raises(DeliveryFailed):
        pack(bucket, server)
    assert server.said == []


def test_what_is_lost_on_the_way_is_left_to_whoever_has_it_now(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server()

    def read(key: str) -> bytes | None:
        raise transfer.NotOurs("#0 is not ours any more")

    monkeypatch.setattr(bucket, "read", read)

    pack(bucket, server)

    assert server.said == []
    assert ZIP not in bucket.objects


def test_a_fault_of_ours_fails_the_package_in_plain_words(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server()

    def broken(key: str) -> bytes | None:
        raise RuntimeError("http://storage.internal/secret")

    monkeypatch.setattr(bucket, "read", broken)

    pack(bucket, server)

    assert [word for word, _ in server.said] == ["the package could not be made"]
