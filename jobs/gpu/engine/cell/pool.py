"""The cells of this process: as many as photos are decoded at once, kept for the next ones."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from jobs.gpu.engine.cell.cell import Cell

logger = logging.getLogger(__name__)

# Kept while nothing is to be decoded. A chunk decodes one photo at a time.
_MOST_IDLE: Final = 4
_lock = threading.Lock()
_idle: list[Cell] = []
_warned: set[str] = set()


@contextmanager
def borrowed() -> Iterator[Cell]:
    """A cell for one photo, new where none is left. Raises CellBroken when none can be had."""
    cell = _take() or _new()
    try:
        yield cell
    finally:
        _put_back(cell)


def _take() -> Cell | None:
    while True:
        with _lock:
            cell = _idle.pop() if _idle else None
        if cell is None or cell.is_alive():
            return cell
        cell.close()


def _put_back(cell: Cell) -> None:
    with _lock:
        keep = cell.is_alive() and len(_idle) < _MOST_IDLE
        if keep:
            _idle.append(cell)
    if not keep:
        cell.close()


def _new() -> Cell:
    cell = Cell()
    for what, holds in cell.confinement.items():
        if not holds and what not in _warned:
            _warned.add(what)
            logger.warning("photos are decoded in a process where this does not hold: %s", what)
    return cell


def close_idle() -> None:
    """End the processes that wait."""
    with _lock:
        cells = _idle[:]
        _idle.clear()
    for cell in cells:
        cell.close()


def cpu_seconds() -> float:
    """What the processes that wait have used of the processor so far."""
    with _lock:
        return sum(cell.cpu_seconds() for cell in _idle if cell.is_alive())


def _forget() -> None:
    """In a child of fork: what was kept are the parent's, and so is whoever held the lock."""
    global _lock
    _lock = threading.Lock()
    _strangers.extend(_idle)
    _idle.clear()


# Held, so that they are not collected, which would say of a running process that it was lost.
_strangers: list[Cell] = []
os.register_at_fork(after_in_child=_forget)
atexit.register(close_idle)
