"""ONNX models. Those that ship with the engine are loaded once per process, if unaltered."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import Floats
from jobs.gpu.engine.errors import ModelError

_FOLDER: Final = Path(__file__).parent.parent / "weights"

# Of the photos of ImageNet, by which most networks want their colours (0-1) shifted and scaled.
IMAGENET_MEAN: Final = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION: Final = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Weights:
    """A file in the folder `weights` and the SHA-256 its content must have."""

    filename: str
    sha256: str


U2NETP: Final = Weights(
    "u2netp.onnx", "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"
)
TEXT_DETECTOR: Final = Weights(
    "PP-OCRv6_det_small.onnx", "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f"
)
ROOMS: Final = Weights(
    "rooms.onnx", "163b267510429a5a4198849bf479cf636a3248deb0dbe8085ac745f3b8db3330"
)
EARLIER_ROOMS: Final = Weights(
    "rooms_earlier.onnx", "4de845908d61c0f4abcf214f90b009f02592f9cf5de5f2eab8a3c0a063ab0850"
)


@cache
def load_session(weights: Weights, folder: Path = _FOLDER) -> ort.InferenceSession:
    """Open a model on one CPU thread. Raises ModelError when the file is missing or altered."""
    path = folder / weights.filename
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"model file {weights.filename} cannot be read") from error
    if hashlib.sha256(content).hexdigest() != weights.sha256:
        raise ModelError(f"model file {weights.filename} does not have the expected SHA-256")
    return session_from(content, weights.filename)


def session_from(content: bytes, filename: str) -> ort.InferenceSession:
    """Open a model on one CPU thread. Raises ModelError when the runtime refuses it."""
    options = ort.SessionOptions()
    # One process per core is the worker's business; more threads here would only fight over it.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # The arena would keep the memory of the largest layer between photos, for nothing.
    options.enable_cpu_mem_arena = False
    # A pattern is one block for all layers, larger than what is in use at a time.
    options.enable_mem_pattern = False
    try:
        return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime raises its own, undocumented family
        raise ModelError(f"model file {filename} cannot be loaded") from error


def answer_of(session: ort.InferenceSession, batch: Floats, what: str) -> NDArray[Any]:
    """What a model says first to its one input. Raises ModelError, naming `what` could not run."""
    try:
        answers = session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(batch)})
    except Exception as error:  # the runtime raises its own, undocumented family
        raise ModelError(f"the {what} could not run") from error
    return np.asarray(answers[0])
