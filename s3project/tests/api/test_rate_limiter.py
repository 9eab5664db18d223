"""The limiter against a real Valkey: exact under threads and processes, open without its store."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
import redis
from django.conf import settings

from s3project.api import rate_limiter
from s3project.api.rate_limiter import RateLimiter, Verdict
from s3project.api.rates import Rate
from s3project.embedded.broker import Broker
from s3project.embedded.ports import HOST
from s3project.embedded.stack import PROJECT
from s3project.embedded.supervisor import Supervisor
from s3project.provision.broker_roles import ADMIN, LIMITER, PASSWORDS

pytestmark = pytest.mark.usefixtures("engines")

HOURLY = Rate(5, 3600)


@pytest.fixture
def key() -> str:
    return f"s3:rate:test:{uuid4().hex}"


@pytest.fixture
def limiter() -> RateLimiter:
    return RateLimiter(settings.RATE_LIMIT_URL)


class OwnStore:
    """A Valkey of one test, which it may kill."""

    def __init__(self, folder: Path) -> None:
        self.supervisor = Supervisor(folder)
        passwords = {role: f"secret-of-{role}" for role in PASSWORDS}
        self._broker = Broker(folder, passwords=passwords, durable=False)
        self.url = self._broker.url(LIMITER)
        self.admin_url = self._broker.url(ADMIN)

    def start(self) -> None:
        self._broker.launch(self.supervisor)
        self._broker.wait_until_ready()

    def kill(self) -> None:
        self.supervisor.kill("broker")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OwnStore]:
    own = OwnStore(tmp_path)
    own.start()
    try:
        yield own
    finally:
        own.supervisor.close(gently=False)


def take(limiter: RateLimiter, key: str, rate: Rate = HOURLY) -> Verdict:
    verdict = limiter.take(key, rate)
    assert verdict is not None
    return verdict


# --- What is counted -------------------------------------------------------------------------


def test_the_allowance_may_be_spent_at_once_and_not_one_more(
    limiter: RateLimiter, key: str
) -> None:
    verdicts = [take(limiter, key) for _ in range(7)]

    assert [(v.allowed, v.left) for v in verdicts] == [
        (True, 4), (True, 3), (True, 2), (True, 1), (True, 0), (False, 0), (False, 0)
    ]  # fmt: skip
    # 5 an hour is one in 720 s.
    assert all(719 <= v.seconds <= 720 for v in verdicts)


def test_the_allowance_comes_back_evenly(limiter: RateLimiter, key: str) -> None:
    rate = Rate(4, 4)

    def spend() -> int:
        times = 0
        while take(limiter, key, rate).allowed:
            times += 1
        return times

    started = time.monotonic()
    spent = spend()
    time.sleep(1.02)
    came_back = spend()
    whole_seconds = int(time.monotonic() - started)

    # One more for each second; on a machine that pauses there are more of these than one.
    assert came_back >= 1
    assert 4 + 1 <= spent + came_back <= 4 + whole_seconds


def test_a_refused_request_costs_nothing(limiter: RateLimiter, key: str) -> None:
    rate = Rate(2, 1)
    for _ in range(50):
        take(limiter, key, rate)

    time.sleep(0.55)

    assert take(limiter, key, rate).allowed


@pytest.mark.parametrize("rate", [Rate(7, 60), Rate(10_000, 60), Rate(3, 86_400), Rate(1, 1)])
def test_the_first_request_leaves_the_rest_of_any_rate(
    limiter: RateLimiter, key: str, rate: Rate
) -> None:
    assert take(limiter, key, rate).left == rate.limit - 1


def test_a_count_goes_up_and_starts_again_after_its_time(limiter: RateLimiter, key: str) -> None:
    assert [limiter.count(key, 1) for _ in range(3)] == [1, 2, 3]
    time.sleep(1.01)
    assert limiter.count(key, 1) == 1


def test_keys_are_counted_apart_and_forgotten(limiter: RateLimiter, key: str) -> None:
    for _ in range(6):
        take(limiter, key)

    assert take(limiter, f"{key}:other").left == 4
    with redis.Redis.from_url(settings.RATE_LIMIT_URL) as client:
        assert 3500 < int(client.ttl(key)) <= 3600
        assert 700 < int(client.ttl(f"{key}:other")) <= 720


# --- At once ---------------------------------------------------------------------------------


def test_threads_share_one_count(limiter: RateLimiter, key: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda _: take(limiter, key, Rate(50, 3600)), range(200)))

    assert sum(v.allowed for v in verdicts) == 50
    assert sorted(v.left for v in verdicts if v.allowed) == list(range(50))


def test_a_count_that_is_read_and_then_written_lets_everyone_through(key: str) -> None:
    """The control: what the script being one step prevents."""
    everyone_has_read = threading.Barrier(8)

    def read_then_write(_: int) -> bool:
        with redis.Redis.from_url(settings.RATE_LIMIT_URL) as client:
            count = int(client.get(key) or 0)
            everyone_has_read.wait(10)
            client.set(key, count + 1, ex=60)
            return count < 5

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(read_then_write, range(8))) == 8


IN_A_PROCESS = """
import sys
from s3project.api.rate_limiter import RateLimiter
from s3project.api.rates import Rate
limiter, key = RateLimiter(sys.argv[1]), sys.argv[2]
sys.stdin.readline()
print(sum(limiter.take(key, Rate(50, 3600)).allowed for _ in range(60)))
"""


def test_processes_share_one_count(key: str) -> None:
    command = [sys.executable, "-c", IN_A_PROCESS, settings.RATE_LIMIT_URL, key]
    processes = [
        subprocess.Popen(
            command, cwd=PROJECT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()

    allowed = [int(process.communicate(timeout=30)[0]) for process in processes]

    assert sum(allowed) == 50


# --- Without the store -----------------------------------------------------------------------


# Nobody listens there, and nobody is given it between now and the test.
NO_STORE = f"redis://{HOST}:1/0"


def count_tries(limiter: RateLimiter, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Grows by one with each question that is really sent to the store."""
    tries: list[object] = []
    ask = limiter._ask

    def counted(script: rate_limiter.Script, *arguments: bytes) -> object:
        tries.append(arguments)
        return ask(script, *arguments)

    monkeypatch.setattr(limiter, "_ask", counted)
    return tries


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    records = [r for r in caplog.records if r.name == rate_limiter.__name__]
    return [f"{r.levelname} {r.getMessage().partition(':')[0]}" for r in records]


def test_a_store_that_is_not_there_allows_everything_is_asked_once_and_logged_once(
    key: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limiter, "PAUSE_SECONDS", 60.0)
    limiter = RateLimiter(NO_STORE)
    tries = count_tries(limiter, monkeypatch)

    assert [limiter.take(key, HOURLY) for _ in range(1000)] == [None] * 1000

    assert len(tries) == 1
    assert logged(caplog) == ["ERROR rate limits are off while their store is away"]


def test_a_store_that_hangs_costs_one_timeout(
    store: OwnStore,
    key: str,
    caplog: pytest.LogCaptureFixture,
    shipped_timeout: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rate_limiter, "TIMEOUT_SECONDS", shipped_timeout)
    limiter = RateLimiter(store.url)
    take(limiter, key)
    with redis.Redis.from_url(store.admin_url) as client:
        client.execute_command("CLIENT", "PAUSE", "2000", "ALL")

    started = time.monotonic()
    assert [limiter.take(key, HOURLY) for _ in range(100)] == [None] * 100

    assert 0.2 <= time.monotonic() - started < 2
    assert logged(caplog) == ["ERROR rate limits are off while their store is away"]


def test_a_killed_store_is_noticed_and_so_is_its_return(
    store: OwnStore, key: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limiter, "PAUSE_SECONDS", 60.0)
    limiter = RateLimiter(store.url)
    assert take(limiter, key).left == 4
    store.kill()
    assert limiter.take(key, HOURLY) is None

    store.start()
    assert limiter.take(key, HOURLY) is None  # the pause is not over
    limiter._away_until = time.monotonic()

    assert take(limiter, key).left == 4  # a store without a disk starts from nothing
    assert logged(caplog) == [
        "ERROR rate limits are off while their store is away",
        "WARNING rate limits are on again",
    ]


def test_a_connection_that_was_closed_while_idle_is_replaced_unnoticed(
    store: OwnStore, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    limiter = RateLimiter(store.url)
    take(limiter, key)
    with redis.Redis.from_url(store.admin_url) as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "NORMAL", "SKIPME", "YES")

    assert take(limiter, key).left == 3
    assert logged(caplog) == []


def test_a_script_that_the_store_forgot_is_sent_again(store: OwnStore, key: str) -> None:
    limiter = RateLimiter(store.url)
    take(limiter, key)
    with redis.Redis.from_url(store.admin_url) as client:
        client.script_flush()

    assert take(limiter, key).left == 3


def test_while_the_store_is_away_one_request_at_a_time_tries(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limiter, "PAUSE_SECONDS", 60.0)
    limiter = RateLimiter(NO_STORE)
    limiter.take(key, HOURLY)
    tries = count_tries(limiter, monkeypatch)

    limiter._away_until = time.monotonic() - 1
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: limiter.take(key, HOURLY), range(200)))

    assert len(tries) == 1


def test_a_url_that_names_no_store_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    url = f"amqp://{HOST}/{uuid4().hex}"

    assert [rate_limiter.rate_limiter(url) for _ in range(3)] == [None] * 3

    assert logged(caplog) == ["ERROR rate limits are off, RATE_LIMIT_URL is no Valkey"]
