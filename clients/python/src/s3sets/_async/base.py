"""What every part of the client stands on."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from s3sets._async.transport import AsyncTransport
from s3sets._calls import Call, Page

T = TypeVar("T")


class AsyncBase:
    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def _data(self, call: Call) -> Any:
        return (await self._transport.call(call)).data

    async def _page(self, call: Call) -> Page[Any]:
        answer = await self._transport.call(call)
        return Page(answer.data, answer.next_cursor)

    async def every(
        self, lister: Callable[..., Awaitable[Page[T]]], *args: Any, **fields: Any
    ) -> AsyncIterator[T]:
        """All items of a list that comes in pages: `every(client.list_jobs, status="done")`."""
        cursor: str | None = None
        while True:
            page = await lister(*args, **fields, cursor=cursor)
            for item in page.items:
                yield item
            cursor = page.next_cursor
            if cursor is None:
                return
