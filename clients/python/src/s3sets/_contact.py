"""Whether the server is heard, and who is told when it is not. No network in here."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from s3sets.errors import S3SetsError, Unavailable, Unreachable

# An answer takes milliseconds; whoever waits longer wants to know what for.
SLOW = 5.0
# A stream of events says something every 15 seconds.
STILL = 20.0


class Contact:
    """Tells once that the server is away, and once that it is back. Usable from any thread."""

    def __init__(
        self,
        url: str,
        on_away: Callable[[str], None] | None,
        on_back: Callable[[], None] | None,
    ) -> None:
        self._url = url
        self._on_away = on_away
        self._on_back = on_back
        self._lock = threading.Lock()
        self._is_away = False

    def lost(self, error: BaseException | None) -> None:
        """What is asked of it again. Only what says that it is away counts."""
        if isinstance(error, Unreachable | Unavailable):
            self._tell_away(_said(error))

    def heard(self) -> None:
        with self._lock:
            was_away, self._is_away = self._is_away, False
            if was_away and self._on_back is not None:
                self._on_back()

    @contextmanager
    def waiting(self) -> Iterator["Patience"]:
        """What takes long, without a word, is told while it goes on."""
        patience = Patience()
        if self._on_away is None:
            yield patience
            return
        over = threading.Event()
        threading.Thread(target=self._watch, args=(patience, over), daemon=True).start()
        try:
            yield patience
        finally:
            over.set()

    def _watch(self, patience: "Patience", over: threading.Event) -> None:
        while not over.wait(max(0.01, patience.left)):
            if patience.left <= 0:
                self._tell_away(f"{self._url} has not answered for {patience.seconds:g} s")
                patience.renew()

    def _tell_away(self, what: str) -> None:
        with self._lock:
            was_away, self._is_away = self._is_away, True
            if not was_away and self._on_away is not None:
                self._on_away(what)


class Patience:
    """How many seconds of silence are nothing to speak of."""

    def __init__(self) -> None:
        self.seconds = SLOW
        self.renew()

    def renew(self) -> None:
        self._since = time.monotonic()

    @property
    def left(self) -> float:
        return self._since + self.seconds - time.monotonic()


def _said(error: S3SetsError) -> str:
    return str(getattr(error, "message", error)).rstrip(".")
