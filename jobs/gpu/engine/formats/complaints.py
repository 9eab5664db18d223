"""What a library says on standard error, and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_STANDARD_ERROR: Final = 2
_MOST: Final = 65_536  # what a pipe holds; the rest of a flood is dropped


@contextmanager
def overheard() -> Iterator[bytearray]:
    """Fills the array at the end of the block. For a process of one thread."""
    words = bytearray()
    # Who complains more than the pipe holds must not wait for a reader: that is us, later.
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    kept = os.dup(_STANDARD_ERROR)
    os.dup2(writer, _STANDARD_ERROR)
    os.close(writer)
    try:
        yield words
    finally:
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)
        words += os.read(reader, _MOST)
        os.close(reader)
