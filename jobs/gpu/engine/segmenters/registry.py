"""Backends by name. A backend is imported only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from jobs.gpu.engine.segmenters.base import Segmenter


def _cpu() -> Segmenter:
    from jobs.gpu.engine.segmenters.cpu import CpuSegmenter

    return CpuSegmenter()


BACKENDS: Final[dict[str, Callable[[], Segmenter]]] = {"cpu": _cpu}


def load_segmenter(name: str) -> Segmenter:
    """Make the backend of that name. Raises ValueError, listing the known ones, for another."""
    try:
        make = BACKENDS[name]
    except KeyError:
        raise ValueError(f"unknown segmenter {name!r}; known: {', '.join(BACKENDS)}") from None
    return make()
