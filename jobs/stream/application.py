"""The ASGI application: streams of events, and how it is itself.

| address | |
|---|---|
| `/jobs/{id}/events` | what it is for |
| `/health` | whether it answers |
| `/metrics/events` | what it counts, to who has METRICS_TOKEN |

Any other is 404, whatever web would say there.
"""

import asyncio
import logging
import random
import re
import resource
from collections.abc import Awaitable, Callable
from typing import Any

from django.http.response import HttpResponseBase

from jobs.api.watch import OpenedStream
from jobs.api.watch_events import COMMENT, retry_after
from jobs.stream.counts import CLOSED, DELAY, EVENTS
from jobs.stream.hub import Hub, TooMany
from jobs.stream.opening import Door, Scope, refusal
from jobs.stream.reading import Threads
from jobs.stream.watcher import Waiting, Watcher, now

logger = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

STREAM_PATH = re.compile(r"/jobs/[^/]+/events")
COMMENT_SECONDS = 15.0
# One send may take so long before its reader is taken for one that does not read.
SEND_SECONDS = 20.0
# Browsers come again after a time of their own, so that not all come at once after a restart.
RETRY_MILLISECONDS = (500, 3000)
# Connections to the database, besides those of the hub's readers.
OPENERS = 2
# A database that is being restarted is waited for: a browser takes 503 for the end of it all.
PATIENCE_SECONDS, PAUSE_SECONDS = 15.0, 0.5


class EventsProcess:
    """One for each process; made when the server starts its event loop."""

    def __init__(self) -> None:
        _take_all_descriptors()
        self._hub = Hub()
        self._door = Door()
        self._openers = Threads(OPENERS, "open")
        # Asks nobody, so that it answers when all others wait for the database.
        self._pages = Threads(1, "page")

    async def live(self, receive: Receive, send: Send) -> None:
        """ASGI's lifespan."""
        while True:
            kind = (await receive())["type"]
            if kind == "lifespan.startup":
                self._hub.start()
            else:
                self._hub.stop()
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not STREAM_PATH.fullmatch(scope["path"]):
            await _send_whole(await self._pages.run(self._door.page, scope), send)
            return
        response = await self._open(scope)
        if not isinstance(response, OpenedStream) or scope["method"] == "HEAD":
            await _send_whole(response, send)
            return
        opening = response.opening
        watcher = Watcher(opening.job_id, opening.watcher, opening.last_event_id)
        try:
            self._hub.join(watcher)
        except TooMany as too_many:
            await _send_whole(refusal(too_many, response), send)
            return
        headers = _headers(response)
        # It holds the whole request, which is not needed any more.
        del response
        gone = asyncio.create_task(_until_gone(receive, watcher))
        try:
            await _stream(watcher, headers, send)
        finally:
            gone.cancel()
            watcher.close("gone")
            self._hub.leave(watcher)
            CLOSED.labels(watcher.closed).inc()

    async def _open(self, scope: Scope) -> HttpResponseBase:
        until = now() + PATIENCE_SECONDS
        while True:
            response = await self._openers.run(self._door.answer, scope)
            if response.status_code != 503 or now() > until:
                return response
            await asyncio.sleep(PAUSE_SECONDS)


def _take_all_descriptors() -> None:
    """A stream is one; what a shell gives by default is 1024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _stream(watcher: Watcher, headers: Headers, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    try:
        await _send_part(retry_after(random.randint(*RETRY_MILLISECONDS)), send)
        while True:
            waiting = await watcher.take(COMMENT_SECONDS)
            if waiting and not watcher.is_dead:
                await _send_part(b"".join(one.data for one in waiting), send)
                _count(waiting)
            elif watcher.closed:
                break
            else:
                await _send_part(COMMENT, send)
    except TimeoutError:
        watcher.close("slow")
    if watcher.closed not in ("gone", "slow"):
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_part(data: bytes, send: Send) -> None:
    """Raises TimeoutError where the reader does not read."""
    async with asyncio.timeout(SEND_SECONDS):
        await send({"type": "http.response.body", "body": data, "more_body": True})


async def _send_whole(response: HttpResponseBase, send: Send) -> None:
    head = {"type": "http.response.start", "status": response.status_code}
    await send({**head, "headers": _headers(response)})
    body = getattr(response, "content", b"")
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _until_gone(receive: Receive, watcher: Watcher) -> None:
    """Sending does not tell that nobody is there any more."""
    while (await receive())["type"] != "http.disconnect":
        pass
    watcher.close("gone")


def _headers(response: HttpResponseBase) -> Headers:
    stream = isinstance(response, OpenedStream)
    return [
        (name.lower().encode("ascii"), value.encode("latin-1"))
        for name, value in response.items()
        if not (stream and name == "Content-Length")
    ]


def _count(waiting: list[Waiting]) -> None:
    sent_at = now()
    for one in waiting:
        for event in one.events:
            EVENTS.labels(event).inc()
        if one.hinted_at is not None:
            DELAY.observe(sent_at - one.hinted_at)


_process: EventsProcess | None = None


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    global _process
    if _process is None:
        # Not while this is imported: what belongs to an event loop is made where it runs.
        _process = EventsProcess()
    if scope["type"] == "lifespan":
        await _process.live(receive, send)
    else:
        await _process.serve(scope, receive, send)
