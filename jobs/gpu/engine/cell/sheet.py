"""The memory that a cell shares with its owner: a file goes in, pixels and a profile come out.

It is made at the size of the largest photo, and takes memory only where it was written to. It is
sealed: a cell that was taken over cannot cut it short and so end its owner with SIGBUS.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from typing import Final

import numpy as np
from numpy.typing import NDArray

from jobs.limits import MAX_PHOTO_BYTES, MAX_PHOTO_PIXELS


def _whole_pages(size: int) -> int:
    return -(-size // mmap.PAGESIZE) * mmap.PAGESIZE


# RGB, behind it the transparency; CMYK takes the room of both.
ALPHA_AT: Final = _whole_pages(3 * MAX_PHOTO_PIXELS)
PROFILE_AT: Final = ALPHA_AT + _whole_pages(MAX_PHOTO_PIXELS)
MOST_PROFILE: Final = 25 * 1024 * 1024  # a file cannot hold a longer one, uncompressed
FILE_AT: Final = PROFILE_AT + MOST_PROFILE
SIZE: Final = FILE_AT + MAX_PHOTO_BYTES
# What is kept in any case, so that the next photo need not wait for memory: 16 megapixels.
_KEPT: Final = 48 * 1024 * 1024
_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


def new_sheet() -> int:
    """The descriptor of a sheet; it exists as long as somebody holds it."""
    descriptor = os.memfd_create("photo", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, SIZE)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    return descriptor


class Sheet:
    """A sheet, seen from one side."""

    def __init__(self, descriptor: int) -> None:
        """Takes the descriptor over."""
        self._memory = mmap.mmap(descriptor, SIZE)
        os.close(descriptor)
        self._bytes = np.frombuffer(self._memory, np.uint8)

    def put(self, start: int, content: bytes) -> None:
        self._memory[start : start + len(content)] = content

    def get(self, start: int, length: int) -> bytes:
        return self._memory[start : start + length]

    def rows(self, start: int, *shape: int) -> NDArray[np.uint8]:
        """The numbers there, not copied."""
        return self._bytes[start : start + int(np.prod(shape))].reshape(shape)

    def give_back(self, pixels: int) -> None:
        """Return all memory but the file's and what the last photo, of so many pixels, took."""
        kept = _whole_pages(max(3 * pixels, _KEPT))
        self._memory.madvise(mmap.MADV_REMOVE, kept, FILE_AT - kept)
