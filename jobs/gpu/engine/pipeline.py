"""One photo from its bytes to its edited bytes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np

from jobs.gpu.engine.actions.base import Canvas, Region
from jobs.gpu.engine.actions.catalogue import CATALOGUE
from jobs.gpu.engine.arrays import BoolMask, Mask, Rgb
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.edges import EdgeFollower
from jobs.gpu.engine.errors import EditSkipped
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.photo import Photo
from jobs.gpu.engine.png import encode_png
from jobs.gpu.engine.preview import encode_preview
from jobs.gpu.engine.protect import protected_pixels, restore, unweighted
from jobs.gpu.engine.segmenters.base import Segmentation, Segmenter
from jobs.gpu.engine.view import full_size, reduced_on_white, view_factor


@dataclass(frozen=True)
class EditedPhoto:
    """The finished photo.

    png: the result at the oriented size of the input. preview: a JPEG, 512 pixels at most.
    width, height: of the result, in pixels. warnings: for the client, in order, none twice.
    timings: seconds spent in decode, segment, edit, encode and preview.
    """

    png: bytes
    preview: bytes
    width: int
    height: int
    warnings: tuple[str, ...]
    timings: Mapping[str, float]


class Engine:
    """Edits photos, one after another, with the models of one segmenter."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        # One process per core is the worker's business; OpenCV's threads would only fight over it.
        cv2.setNumThreads(1)

    def edit(
        self, data: bytes, concepts: Mapping[str, Edit], protect: Sequence[str]
    ) -> EditedPhoto:
        """Apply the edits in their order; where two overlap, the later one is on top.

        A concept that is not found or not offered, and a value that is not known, become
        warnings. Raises PhotoError when the file cannot be used and ModelError when a model
        cannot run.
        """
        watch = _Stopwatch()
        with watch.measure("decode"):
            photo = decode(data)
            factor = view_factor(photo)
            seen = reduced_on_white(photo, factor)
        with watch.measure("segment"):
            found = self._segment(seen, concepts, protect)
        with watch.measure("edit"):
            edited = self._apply(photo, _Outlines(found, seen, factor), concepts, protect)
        with watch.measure("encode"):
            png = encode_png(edited)
        with watch.measure("preview"):
            preview = encode_preview(edited)
        return EditedPhoto(
            png=png,
            preview=preview,
            width=edited.width,
            height=edited.height,
            warnings=tuple(dict.fromkeys(edited.warnings)),
            timings=watch.seconds,
        )

    def _segment(
        self, seen: Rgb, concepts: Mapping[str, Edit], protect: Sequence[str]
    ) -> Segmentation:
        """Look at the photo once, for the edits and the protection together."""
        if not concepts:
            return Segmentation()  # nothing will change, so nothing needs protecting
        return self._segmenter.segment(seen, tuple(dict.fromkeys([*concepts, *protect])))

    def _apply(
        self,
        photo: Photo,
        outlines: _Outlines,
        concepts: Mapping[str, Edit],
        protect: Sequence[str],
    ) -> Photo:
        found = outlines.found
        warnings = [*photo.warnings, *self._absences(found, concepts, protect)]
        shape = (photo.height, photo.width)
        protected = outlines.protected(protect, shape)
        canvas = Canvas(photo.rgb.copy(), None if photo.alpha is None else photo.alpha.copy())
        for name, edit in concepts.items():
            if name in found.masks:
                weight = outlines.weight(name, shape)
                unweighted(weight, protected)
                region = Region(concept=name, weight=weight, protected=protected)
                warnings.extend(f"{name}: {text}" for text in _edit(canvas, region, edit))
        restore(canvas.rgb, photo.rgb, protected)
        if canvas.alpha is not None and photo.alpha is not None:
            restore(canvas.alpha, photo.alpha, protected)
        return Photo(canvas.rgb, canvas.alpha, photo.icc_profile, tuple(warnings))

    def _absences(
        self, found: Segmentation, concepts: Mapping[str, Edit], protect: Sequence[str]
    ) -> list[str]:
        """Say what was asked for and could not be done. Protection must never lapse in silence."""
        backend = self._segmenter.name
        warnings = [
            f"{name}: not found in this photo" for name in concepts if name in found.not_found
        ]
        warnings += [
            f"{name}: not supported by the {backend} backend, left unchanged"
            for name in concepts
            if name in found.unsupported
        ]
        warnings += [
            f"{name}: not found in this photo, nothing to protect"
            for name in protect
            if name in found.not_found and name not in concepts
        ]
        warnings += [
            f"{name}: not supported by the {backend} backend, could not be protected"
            for name in protect
            if name in found.unsupported
        ]
        return warnings


class _Outlines:
    """Masks of the view, drawn to the edges of the picture and enlarged to the photo."""

    def __init__(self, found: Segmentation, seen: Rgb, factor: int) -> None:
        self.found = found
        self._factor = factor
        self._edges = EdgeFollower(seen) if found.masks else None

    def weight(self, name: str, shape: tuple[int, int]) -> Mask:
        """How much of each pixel of the photo (`shape`) belongs to the concept; a new array."""
        return full_size(self._drawn(self.found.masks[name]), shape, self._factor)

    def protected(self, names: Sequence[str], shape: tuple[int, int]) -> BoolMask:
        """The pixels of the photo to be left alone: the masks as found and as drawn."""
        masks = [self.found.masks[name] for name in names if name in self.found.masks]
        if masks:
            masks.append(self._drawn(np.maximum.reduce(masks)))
        return protected_pixels(masks, shape, self._factor)

    def _drawn(self, mask: Mask) -> Mask:
        assert self._edges is not None
        return self._edges.draw(mask)


def _edit(canvas: Canvas, region: Region, edit: Edit) -> tuple[str, ...]:
    if not cv2.countNonZero(region.weight):
        return ("entirely protected, left unchanged",)
    try:
        return CATALOGUE[edit.action](canvas, region, edit.value)
    except EditSkipped as skipped:
        return (skipped.reason,)


class _Stopwatch:
    """Seconds by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
