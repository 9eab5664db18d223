"""Who waits is told that the server is away, while it is, and that it is back."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest
from rich.console import Console
from rich.live import Live

from s3sets import AsyncS3Client, S3Client, Unreachable, _contact
from s3sets._async import transport as async_transport
from s3sets._async import watch as async_watch
from s3sets._sync import transport as sync_transport
from s3sets._sync import watch as sync_watch
from s3sets.cli.output import Output
from tests.conftest import KEY, QUICK
from tests.small_api import Reply, SmallApi, events, refused
from tests.test_watch import DONE, END, EVENTS, HALF, JOB, event

AWAY = refused(503, "UNAVAILABLE", Retry_After="0")
GOOD = json.dumps({"success": True, "data": {"credits": 1}}).encode()
Ask = Callable[[str], Any]


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture(params=["sync", "async"])
def ask(
    request: pytest.FixtureRequest,
    api: SmallApi,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Ask:
    """Calls a method of a client that says in `told` what it is told."""
    for module in (sync_watch, async_watch):
        monkeypatch.setattr(module, "PAUSE", 0.01)
    monkeypatch.setattr(_contact, "SLOW", 0.1)
    for transport in (sync_transport, async_transport):
        monkeypatch.setattr(transport, "STILL", 0.1)
    retries = replace(QUICK, on_away=told.append, on_back=lambda: told.append("back"))

    def sync(what: str) -> Any:
        with S3Client(api.base_url, api_key=KEY, retries=retries, trust_env=False) as client:
            if what == "watch":
                return list(client.watch_job("job_1"))
            return client.me() if what == "me" else client.create_api_key("a shop")

    async def coroutine(what: str) -> Any:
        async with AsyncS3Client(
            api.base_url, api_key=KEY, retries=retries, trust_env=False
        ) as client:
            if what == "watch":
                return [job async for job in client.watch_job("job_1")]
            return await (client.me() if what == "me" else client.create_api_key("a shop"))

    return sync if request.param == "sync" else lambda what: anyio.run(coroutine, what)


def test_a_server_that_is_away_and_comes_back_is_told_of_once_each(
    api: SmallApi, ask: Ask, told: list[str]
) -> None:
    api.on("GET", "/me", AWAY, AWAY, Reply(data={"credits": 1}))

    ask("me")

    assert told == ["It is UNAVAILABLE", "back"]


def test_nothing_is_told_of_what_is_not_tried_again(
    api: SmallApi, ask: Ask, told: list[str]
) -> None:
    api.on("POST", "/me/keys", Reply(silent=True))

    with pytest.raises(Unreachable):
        ask("create a key")

    assert told == []


def test_an_answer_that_takes_long_is_told_of_while_it_is_waited_for(
    api: SmallApi, ask: Ask, told: list[str]
) -> None:
    api.on("GET", "/me", Reply(pieces=(0.4, GOOD)))

    ask("me")

    assert told == [f"{api.base_url} has not answered for 0.1 s", "back"]


def test_a_stream_that_goes_still_is_told_of(api: SmallApi, ask: Ask, told: list[str]) -> None:
    api.on("GET", EVENTS, events(event("snapshot", HALF), 0.4, event("snapshot", DONE), END))
    api.on("GET", JOB, Reply(data=DONE))

    ask("watch")

    assert told == [f"{api.base_url} has not answered for 0.1 s", "back"]


def test_a_stream_that_breaks_is_nothing_to_speak_of_unless_it_cannot_be_had_again(
    api: SmallApi, ask: Ask, told: list[str]
) -> None:
    begin, end = event("snapshot", HALF), events(event("snapshot", DONE), END)
    api.on("GET", JOB, Reply(data=DONE))
    api.on("GET", EVENTS, events(begin, cut=True), end)
    ask("watch")
    assert told == []

    api.on("GET", EVENTS, events(begin, cut=True), AWAY, AWAY, end)
    ask("watch")

    assert told == ["It is UNAVAILABLE", "back"]


def test_what_is_said_while_a_board_is_shown_stands_above_it() -> None:
    screen = io.StringIO()
    with Live("a board", console=Console(file=screen, force_terminal=True)):
        Output().complain("The server is back.")

    assert "The server is back.\n" in screen.getvalue()
