"""The way between a browser and the storage, which a test can cut in the middle of a photo."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

CHUNK = 16 * 1024


class Cable:
    """Passes bytes on while the block lasts. Signatures hold, since nothing in them is changed."""

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        self._storage = (str(parts.hostname), int(parts.port or 80))
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._ends: set[socket.socket] = set()
        self._left: int | None = None
        self.is_cut = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cut()
        self._listener.close()

    def cut(self) -> None:
        """Every connection breaks, and new ones do, until it is mended."""
        with self._lock:
            self.is_cut = True
            ends, self._ends = self._ends, set()
        for end in ends:
            # The thread that reads from it wakes, and closes it.
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut_after(self, number: int) -> None:
        """Cuts when so many bytes more went to the storage."""
        with self._lock:
            self._left = number

    def mend(self) -> None:
        with self._lock:
            self.is_cut, self._left = False, None

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.is_cut:
                client.close()
                continue
            storage = socket.create_connection(self._storage)
            with self._lock:
                self._ends |= {client, storage}
            for one, other, up in ((client, storage, True), (storage, client, False)):
                threading.Thread(target=self._pass_on, args=(one, other, up), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket, up: bool) -> None:
        with suppress(OSError):
            while data := one.recv(CHUNK):
                if up and self._is_spent(len(data)):
                    self.cut()
                    break
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._ends.discard(one)
        one.close()

    def _is_spent(self, number: int) -> bool:
        with self._lock:
            if self._left is None:
                return False
            self._left -= number
            return self._left <= 0
