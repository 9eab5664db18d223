"""Backends by name. A backend is imported only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from jobs.gpu.engine.segmenters.base import Segmenter


def _cpu(models: Path) -> Segmenter:
    from jobs.gpu.engine.segmenters.cpu import CpuSegmenter

    return CpuSegmenter()


def _obedient(models: Path) -> Segmenter:
    from jobs.gpu.engine.segmenters.obedient import ObedientSegmenter

    return ObedientSegmenter()


def _onnx(models: Path) -> Segmenter:
    from jobs.gpu.engine.segmenters.onnx import OnnxSegmenter

    return OnnxSegmenter(models / "onnx")


def _sam3(models: Path) -> Segmenter:
    from jobs.gpu.engine.segmenters.sam3 import Sam3Segmenter

    return Sam3Segmenter(models / "sam3")


BACKENDS: Final[dict[str, Callable[[Path], Segmenter]]] = {
    "cpu": _cpu,
    "onnx": _onnx,
    "sam3": _sam3,
    "obedient": _obedient,
}


def load_segmenter(name: str, models: Path | str = "/models") -> Segmenter:
    """Make the backend of that name; onnx and sam3 read a folder of their name below `models`.

    Raises ValueError, listing the known ones, for an unknown name, and ModelError when a model
    cannot be loaded.
    """
    try:
        make = BACKENDS[name]
    except KeyError:
        raise ValueError(f"unknown segmenter {name!r}; known: {', '.join(BACKENDS)}") from None
    return make(Path(models))
