"""What a callback is told while a set is on its way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

# In this order, but for a photo that is canceled. "working" says that it waits for its result.
PhotoState = Literal[
    "waiting",
    "uploading",
    "uploaded",
    "working",
    "done",
    "failed",
    "canceled",
    "downloading",
    "downloaded",
]


@dataclass(frozen=True, slots=True)
class Progress:
    """One photo went on.

    `sent` counts the bytes of an upload or a download, of `size` bytes (0 where it is not known).
    `note` is why a photo failed, or the warnings on it. `eta_seconds`, of one that is "working", is
    the server's guess of when the whole set is done, None where it has none.
    """

    job_id: str
    idx: int
    name: str
    state: PhotoState
    sent: int = 0
    size: int = 0
    note: str = ""
    eta_seconds: int | None = None


OnProgress = Callable[[Progress], None]
