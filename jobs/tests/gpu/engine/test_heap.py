"""A process keeps its memory from photo to photo, and gives it back when there are none."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs.gpu.engine import heap
from s3project.testing.waiting import wait_until

ROOT = Path(__file__).parents[4]
KEPT = """
import numpy as np, psutil
from jobs.gpu.engine import heap

def taken():
    return psutil.Process().memory_info().rss // 2**20

def work():
    layers = [np.ones(40 * 2**20, np.uint8) for _ in range(4)]
    del layers

before = taken()
if {keep}:
    heap.keep_memory()
work()
after = taken()
heap.give_back()
print(after - before, taken() - before)
"""


@pytest.mark.parametrize(("keep", "least", "most"), [(True, 150, 180), (False, 0, 60)])
def test_what_was_used_is_kept_until_it_is_given_back(keep: bool, least: int, most: int) -> None:
    run = subprocess.run(
        [sys.executable, "-c", KEPT.format(keep=keep)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    kept, left = (int(word) for word in run.stdout.split())
    assert least <= kept <= most
    assert left < 20


def test_memory_is_given_back_once_when_nobody_works_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[float] = []
    monkeypatch.setattr(heap, "give_back", lambda: given.append(time.monotonic()))
    with heap.in_use(60), heap.in_use(60):
        pass
    waiting = heap._waiting
    assert waiting is not None
    with heap.in_use(0.02):
        # Canceled as soon as somebody works again.
        assert waiting.finished.is_set()
        assert heap._waiting is None
        time.sleep(0.06)
        assert not given
        ended = time.monotonic()
    wait_until(lambda: bool(given), seconds=5)
    assert given[0] - ended >= 0.02
    time.sleep(0.06)
    assert len(given) == 1
