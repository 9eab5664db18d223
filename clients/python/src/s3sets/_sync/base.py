# Generated from _async: `make client`.
"""What every part of the client stands on."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from s3sets._calls import Call, Page
from s3sets._sync.transport import Transport

T = TypeVar("T")


class Base:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _data(self, call: Call) -> Any:
        return (self._transport.call(call)).data

    def _page(self, call: Call) -> Page[Any]:
        answer = self._transport.call(call)
        return Page(answer.data, answer.next_cursor)

    def every(self, lister: Callable[..., Page[T]], *args: Any, **fields: Any) -> Iterator[T]:
        """All items of a list that comes in pages: `every(client.list_jobs, status="done")`."""
        cursor: str | None = None
        while True:
            page = lister(*args, **fields, cursor=cursor)
            for item in page.items:
                yield item
            cursor = page.next_cursor
            if cursor is None:
                return
