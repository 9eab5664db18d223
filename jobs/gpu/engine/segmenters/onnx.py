"""An operator's own semantic segmentation model: an ONNX file and a JSON label map.

For rooms, say, a network trained on ADE20K. Nothing is bundled; the map says which class of the
model is which concept, and how the model wants its pictures.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import onnxruntime as ort

from jobs.gpu.engine.arrays import Floats, Mask, Rgb
from jobs.gpu.engine.errors import ModelError
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.gpu.engine.segmenters.letters import ink_of
from jobs.gpu.engine.segmenters.weights import (
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    answer_of,
    session_from,
)
from jobs.presets import canonical

MODEL: Final = "model.onnx"
LABELS: Final = "labels.json"
_TEXT: Final = "label_text"
_LEAST_SHARE: Final = 0.0005
# The likelihood, 0-1, from which a pixel is a concept's: likelier than all other classes together.
_MAJORITY: Final = 0.5
# The classes a model is taken to have that answers with a map of them: all that fit into a byte, so
# that one which is absent from a photo is still one that the model has.
_CLASSES_OF_A_MAP: Final = 256


@dataclass(frozen=True)
class LabelMap:
    """classes: canonical concept → the model's classes that make it up.

    size: width and height the model is fed with. mean, deviation: per channel, of values 0-1.
    """

    classes: Mapping[str, tuple[int, ...]]
    size: tuple[int, int]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def read(cls, path: Path) -> LabelMap:
        """Raises ModelError when the file is missing or does not have the documented shape."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            classes = {canonical(name): _indices(found) for name, found in raw["classes"].items()}
            width, height = (int(side) for side in raw["size"])
            mean = tuple(float(value) for value in raw.get("mean", IMAGENET_MEAN))
            deviation = tuple(float(value) for value in raw.get("std", IMAGENET_DEVIATION))
        except OSError as error:
            raise ModelError(f"label map {path.name} cannot be read") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"label map {path.name} does not have the documented shape") from error
        sound = len(mean) == len(deviation) == 3 and min(deviation) > 0 and min(width, height) > 0
        if not sound or not classes:
            raise ModelError(f"label map {path.name} does not have the documented shape")
        return cls(classes, (width, height), mean, deviation)


class OnnxSegmenter:
    """The concepts of the label map; everything else is not supported."""

    name = "onnx"

    def __init__(self, folder: Path) -> None:
        """Load model.onnx and labels.json of a folder. Raises ModelError."""
        self._labels = LabelMap.read(folder / LABELS)
        try:
            content = (folder / MODEL).read_bytes()
        except OSError as error:
            raise ModelError(f"model file {MODEL} cannot be read") from error
        self._session: ort.InferenceSession = session_from(content, MODEL)
        self.version = hashlib.sha256(content).hexdigest()[:16]

    def segment(self, rgb: Rgb, concepts: Sequence[str]) -> Segmentation:
        """See `Segmenter.segment`. The model runs once, and only if it knows one of the names."""
        names = tuple(dict.fromkeys(concepts))
        known = [name for name in names if canonical(name) in self._labels.classes]
        unsupported = tuple(name for name in names if name not in known)
        if not known:
            return Segmentation(unsupported=unsupported)
        likely = self._likelihood(rgb)
        masks: dict[str, Mask] = {}
        for name in known:
            mask = self._mask(likely, self._labels.classes[canonical(name)], rgb.shape)
            if float((mask >= 128).mean()) < _LEAST_SHARE:
                continue
            masks[name] = ink_of(rgb, mask) if canonical(name) == _TEXT else mask
        not_found = tuple(name for name in known if name not in masks)
        return Segmentation(masks, not_found, unsupported)

    def _likelihood(self, rgb: Rgb) -> Floats:
        """C x h x w, 0-1, summing to 1 over the classes."""
        size = self._labels.size
        shrinks = size[0] < rgb.shape[1] and size[1] < rgb.shape[0]
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        small = cv2.resize(rgb, size, interpolation=how).astype(np.float32) * np.float32(1 / 255)
        scaled = (small - self._labels.mean) / self._labels.deviation
        batch = np.asarray(scaled.transpose(2, 0, 1)[np.newaxis], np.float32)
        return _probabilities(answer_of(self._session, batch, "operator's model"))

    def _mask(self, likely: Floats, classes: Sequence[int], shape: tuple[int, ...]) -> Mask:
        if max(classes) >= len(likely):
            raise ModelError("the label map names a class that the model does not have")
        share = likely[list(classes)].sum(axis=0)
        # The likelihood is enlarged, not the decision: edges come out smooth.
        enlarged = cv2.resize(share, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
        return np.asarray((enlarged > _MAJORITY).astype(np.uint8) * 255, np.uint8)


def _probabilities(output: np.ndarray[Any, Any]) -> Floats:
    """Scores (1 x C x h x w) through a softmax, or a map of classes (1 x h x w) spread out."""
    if output.ndim == 4 and output.shape[1] > 1:
        scores = output[0].astype(np.float32)
        scores = np.exp(scores - scores.max(axis=0, keepdims=True))
        return np.asarray(scores / scores.sum(axis=0, keepdims=True), np.float32)
    classes = output.reshape(output.shape[-2:])
    if output.ndim not in (3, 4) or not np.issubdtype(classes.dtype, np.integer):
        raise ModelError("the operator's model answers neither with scores nor with classes")
    count = int(classes.max()) + 1
    spread = np.arange(max(count, _CLASSES_OF_A_MAP))[:, np.newaxis, np.newaxis] == classes
    return np.asarray(spread, np.float32)


def _indices(value: object) -> tuple[int, ...]:
    listed = value if isinstance(value, list) else [value]
    if not listed or not all(isinstance(one, int) and one >= 0 for one in listed):
        raise ValueError("class indices are whole numbers")
    return tuple(listed)
