"""Photos wait for their share of a process's memory."""

import threading
import time
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
import psutil
import pytest
import simplejpeg

from jobs.demo.sets import PHOTOS
from jobs.gpu.engine import heap
from jobs.gpu.engine.cell import pool
from jobs.gpu.engine.pipeline import EditedPhoto, Engine, PreparedPhoto, SeenPhoto
from jobs.gpu.engine.segmenters.base import Segmenter
from jobs.gpu.engine.segmenters.registry import load_segmenter
from jobs.gpu.memory_budget import DECODING, EDITING, MemoryBudget, Share
from jobs.tests.gpu.callback_server import serving
from jobs.tests.gpu.test_chunk_pipeline import answer, chunk_of, process, reports
from s3project.testing.waiting import wait_until

MIB = 2**20


def in_a_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def waits(budget: MemoryBudget, pixels: int) -> tuple[Share, threading.Thread]:
    share = budget.share()
    before = len(budget._queue)

    def is_in_line() -> bool:
        # Whoever is let in at once leaves the line before it leaves the lock.
        with budget._changed:
            return len(budget._queue) > before

    thread = in_a_thread(lambda: share.admit(pixels))
    wait_until(is_in_line, seconds=20)
    return share, thread


def test_a_share_is_what_decoding_takes_and_then_what_editing_does() -> None:
    budget = MemoryBudget(100 * DECODING)
    share = budget.share()
    assert budget.taken == 0
    share.admit(10)
    assert budget.taken == 10 * DECODING
    share.decoded()
    assert budget.taken == 10 * EDITING
    share.release()
    share.release()
    assert budget.taken == 0


def test_a_photo_waits_until_there_is_room_and_no_small_one_overtakes_it() -> None:
    budget = MemoryBudget(10 * DECODING)
    first = budget.share()
    first.admit(8)
    second, waiting = waits(budget, 9)
    third, behind = waits(budget, 1)
    first.decoded()
    waiting.join(0.05)
    assert waiting.is_alive()
    first.release()
    waiting.join(5)
    behind.join(5)
    assert budget.taken == 10 * DECODING
    second.release()
    third.release()
    assert budget.taken == 0


def test_a_photo_that_is_larger_than_everything_is_let_in_alone() -> None:
    budget = MemoryBudget(10 * DECODING)
    small = budget.share()
    small.admit(1)
    large, waiting = waits(budget, 1000)
    small.release()
    waiting.join(5)
    assert budget.taken == budget.total
    large.decoded()
    assert budget.taken == budget.total
    large.release()
    assert budget.taken == 0


def peak_of(work: Callable[[], None]) -> int:
    """The most bytes that this process and its children took meanwhile, above what they did.

    Shared memory is counted once for each that maps it: never too little.
    """
    ended = threading.Event()
    most = 0

    def taken() -> int:
        me = psutil.Process()
        total = 0
        for one in (me, *me.children()):
            try:
                total += one.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return total

    def watch() -> None:
        nonlocal most
        while not ended.wait(0.01):
            most = max(most, taken())

    heap.give_back()
    before = taken()
    watching = in_a_thread(watch)
    work()
    ended.set()
    watching.join()
    return most - before


def largest_photo() -> bytes:
    rgb = cv2.imread(str(PHOTOS / "interior_kitchen.jpg"), cv2.IMREAD_COLOR_RGB)
    assert rgb is not None
    large = np.ascontiguousarray(cv2.resize(rgb, (8600, 5800)))
    return bytes(simplejpeg.encode_jpeg(large, quality=70, colorspace="RGB"))


class Together(Engine):
    """Finishes no photo before so many were looked at, and so are in memory at once."""

    def __init__(self, segmenter: Segmenter, count: int) -> None:
        super().__init__(segmenter)
        self._missing = count
        self._all = threading.Event()

    def look(self, prepared: PreparedPhoto) -> SeenPhoto:
        seen = super().look(prepared)
        self._missing -= 1  # one thread looks
        if not self._missing:
            self._all.set()
        return seen

    def finish(self, seen: SeenPhoto) -> EditedPhoto:
        assert self._all.wait(120), "the others never came"
        return super().finish(seen)


@pytest.mark.usefixtures("engines")
def test_four_photos_of_50_megapixels_stay_within_the_budget() -> None:
    data = largest_photo()
    segmenter = load_segmenter("cpu")
    pool.close_idle()

    def edit(engine: Engine, budget: MemoryBudget) -> int:
        with serving(data=answer(range(4))) as server:
            message = chunk_of(server.url, [data + bytes([number]) for number in range(4)])
            peak = peak_of(lambda: process(message, engine, 4, budget))
        assert reports(server) == dict.fromkeys(range(4), "done")
        return peak

    bounded = edit(Engine(segmenter), MemoryBudget(1536 * MIB))
    assert bounded < 1536 * MIB
    # Where nothing holds them back all may be there at once; here they are, for certain.
    free = edit(Together(segmenter, 4), MemoryBudget(100 * 1024 * MIB))
    assert bounded < free - 200 * MIB


def test_the_last_of_many_is_served() -> None:
    budget = MemoryBudget(20 * DECODING)
    served: list[int] = []

    def edit(number: int) -> None:
        share = budget.share()
        share.admit(1 + number % 15)
        assert budget.taken <= budget.total
        time.sleep(0.001)
        share.decoded()
        share.release()
        served.append(number)

    for number in range(100):
        in_a_thread(partial(edit, number))
    wait_until(lambda: len(served) == 100, seconds=20)
    assert budget.taken == 0
