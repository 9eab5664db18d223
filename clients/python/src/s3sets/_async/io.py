"""What asyncio and threads do each in their own way: waiting, locking, doing several things."""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import TypeVar

import anyio
import anyio.to_thread
import httpx
from tenacity import AsyncRetrying

T = TypeVar("T")

AsyncLock = anyio.Lock
AsyncHttp = httpx.AsyncClient
AsyncHttpTransport = httpx.AsyncBaseTransport

__all__ = [
    "AsyncCrew",
    "AsyncHttp",
    "AsyncHttpTransport",
    "AsyncLock",
    "AsyncRetrying",
    "aclosing",
    "in_thread",
    "sleep",
]


async def sleep(seconds: float) -> None:
    await anyio.sleep(seconds)


async def in_thread(function: Callable[..., T], *args: object) -> T:
    """What would hold up the event loop: reading and writing files."""
    return await anyio.to_thread.run_sync(function, *args)


class AsyncCrew:
    """Several things at once, `limit` at most."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    async def each(self, function: Callable[[T], Awaitable[None]], items: Iterable[T]) -> None:
        """Calls the function with each item. The first error ends it all and is raised."""
        room = anyio.CapacityLimiter(self._limit)

        async def one(item: T) -> None:
            async with room:
                await function(item)

        try:
            async with anyio.create_task_group() as group:
                for item in items:
                    group.start_soon(one, item)
        except BaseExceptionGroup as errors:
            raise _first(errors) from None

    def check(self) -> None:
        """Between two pieces of work. (A task is canceled where it waits.)"""


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
