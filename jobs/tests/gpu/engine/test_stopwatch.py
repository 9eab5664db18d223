from __future__ import annotations

import pytest

from jobs.gpu.engine import stopwatch
from jobs.gpu.engine.stopwatch import Stopwatch


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is one second later whenever it is looked at."""
    seconds = iter(range(100))
    monkeypatch.setattr(stopwatch, "clock", lambda: float(next(seconds)))


@pytest.mark.usefixtures("ticks")
def test_blocks_of_a_name_add_up() -> None:
    watch = Stopwatch()
    for _ in range(3):
        with watch.measure("edit"):
            pass
    assert watch.seconds == {"edit": 3.0}


@pytest.mark.usefixtures("ticks")
def test_what_is_measured_within_counts_once() -> None:
    watch = Stopwatch()
    # 0 to 5, 1 to 4, 2 to 3.
    with watch.measure("edit"), watch.measure("light"), watch.measure("outline"):
        pass
    assert watch.seconds == {"edit": 2.0, "light": 2.0, "outline": 1.0}


@pytest.mark.usefixtures("ticks")
def test_a_block_that_raises_is_measured_too() -> None:
    watch = Stopwatch()
    with pytest.raises(KeyError), watch.measure("edit"), watch.measure("light"):
        raise KeyError
    assert watch.seconds == {"edit": 2.0, "light": 1.0}
