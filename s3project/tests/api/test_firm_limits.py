"""Limits that go on, in each process, while their store is away."""

import time
from uuid import uuid4

import pytest
from django.conf import LazySettings, settings

from s3project.api import firm_limits
from s3project.api.firm_limits import LocalLimiter
from s3project.api.rate_limiter import rate_limiter
from s3project.api.rates import Rate

HOURLY = Rate(5, 3600)


def test_the_local_limit_decides_as_the_store_does() -> None:
    limiter = LocalLimiter()

    verdicts = [limiter.take("a", HOURLY) for _ in range(7)]

    assert [(v.allowed, v.left) for v in verdicts] == [
        (True, 4), (True, 3), (True, 2), (True, 1), (True, 0), (False, 0), (False, 0)
    ]  # fmt: skip
    assert all(719 <= v.seconds <= 720 for v in verdicts)
    assert limiter.take("b", HOURLY).left == 4


@pytest.mark.parametrize("rate", [Rate(7, 60), Rate(10_000, 60), Rate(3, 86_400), Rate(1, 1)])
def test_all_of_any_rate_is_there_at_once(rate: Rate) -> None:
    limiter = LocalLimiter()

    assert [limiter.take("a", rate).allowed for _ in range(rate.limit)] == [True] * rate.limit
    if rate.limit < 10_000:  # of that one, one more comes back every 6 ms
        assert not limiter.take("a", rate).allowed


def test_the_local_allowance_comes_back_evenly() -> None:
    limiter, rate = LocalLimiter(), Rate(4, 2)

    def spend() -> int:
        times = 0
        while limiter.take("a", rate).allowed:
            times += 1
        return times

    started = time.monotonic()
    spent = spend()
    time.sleep(0.52)
    came_back = spend()
    halves = int((time.monotonic() - started) / 0.5)

    # One more for each half of a second; on a machine that pauses there are more of these than one.
    assert came_back >= 1
    assert 4 + 1 <= spent + came_back <= 4 + halves


def test_the_local_count_starts_again_after_its_time() -> None:
    limiter = LocalLimiter()

    assert [limiter.count("a", 1) for _ in range(3)] == [1, 2, 3]
    time.sleep(1.01)
    assert limiter.count("a", 1) == 1


def test_the_memory_of_the_local_limit_is_bounded() -> None:
    limiter = LocalLimiter(max_keys=3)
    for number in range(100):
        limiter.take(str(number), HOURLY)
        limiter.count(str(number), 60)

    assert limiter.count("99", 60) == 2
    assert limiter.count("0", 60) == 1
    assert (len(limiter._free_at), len(limiter._counts)) == (3, 3)


@pytest.mark.usefixtures("engines")
def test_the_store_counts_for_all_processes() -> None:
    key = uuid4().hex
    elsewhere = rate_limiter(settings.RATE_LIMIT_URL)
    assert elsewhere is not None

    assert elsewhere.count(f"s3:rate:{key}", 60) == 1
    assert firm_limits.count(key, 60) == 2
    assert elsewhere.take(f"s3:rate:{key}:t", HOURLY) is not None
    assert firm_limits.take(f"{key}:t", HOURLY).left == 3


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "no address"])
def test_without_the_store_the_limit_still_ends(settings: LazySettings, url: str) -> None:
    settings.RATE_LIMIT_URL = url
    key = uuid4().hex

    assert [firm_limits.take(key, HOURLY).allowed for _ in range(6)] == [True] * 5 + [False]
    assert [firm_limits.count(key, 60) for _ in range(3)] == [1, 2, 3]
