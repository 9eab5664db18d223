"""One photo from its bytes to its edited bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from jobs.gpu.engine.actions.base import Canvas, Region
from jobs.gpu.engine.actions.catalogue import CATALOGUE
from jobs.gpu.engine.arrays import BoolMask, Mask, Rgb
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.edges import EdgeFollower
from jobs.gpu.engine.errors import EditSkipped
from jobs.gpu.engine.memory import (
    Findings,
    MaskStore,
    NoStore,
    RememberingSegmenter,
    digest_of,
)
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.photo import Photo
from jobs.gpu.engine.png import encode_png
from jobs.gpu.engine.preview import encode_preview
from jobs.gpu.engine.protect import protected_pixels, restore, unweighted
from jobs.gpu.engine.segmenters.base import Segmentation, Segmenter
from jobs.gpu.engine.segmenters.instance import Instance
from jobs.gpu.engine.selection import in_reading_order, select
from jobs.gpu.engine.stopwatch import Stopwatch
from jobs.gpu.engine.view import full_size, reduced_on_white, view_factor


@dataclass(frozen=True)
class EditedPhoto:
    """The finished photo.

    png: the result at the oriented size of the input. preview: a JPEG, 512 pixels at most.
    width, height: of the result, in pixels. warnings: for the client, in order, none twice.
    timings: seconds per stage, by name. instances: of the edited concepts that the backend tells
    apart, in the order in which they are numbered.
    """

    png: bytes
    preview: bytes
    width: int
    height: int
    warnings: tuple[str, ...]
    timings: Mapping[str, float]
    instances: Mapping[str, Sequence[Instance]] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """What is wanted of a photo. `store` keeps masks beyond this process."""

    concepts: Mapping[str, Edit]
    protect: Sequence[str]
    store: MaskStore = field(default_factory=NoStore)

    @property
    def names(self) -> tuple[str, ...]:
        """Everything to look for, once; without an edit there is nothing to protect either."""
        return tuple(dict.fromkeys([*self.concepts, *self.protect])) if self.concepts else ()


@dataclass(frozen=True)
class PreparedPhoto:
    """A decoded photo, its reduced view, and what is known of it from earlier."""

    photo: Photo
    seen: Rgb
    factor: int
    digest: str
    known: Findings
    watch: Stopwatch


@dataclass(frozen=True)
class SeenPhoto:
    """A photo that the models have looked at; `fresh` is worth keeping."""

    prepared: PreparedPhoto
    found: Segmentation
    fresh: Findings


class Engine:
    """Edits photos with the models of one segmenter.

    The three steps may run in different threads: `prepare` and `finish` at once for several
    photos, `look` for one at a time.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = RememberingSegmenter(segmenter)
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
        order = Order(concepts, protect)
        return self.finish(self.look(self.prepare(data, order), order), order)

    def prepare(self, data: bytes, order: Order) -> PreparedPhoto:
        """Decode the file and recall what is known of it. Raises PhotoError."""
        watch = Stopwatch()
        with watch.measure("decode"):
            photo = decode(data)
            factor = view_factor(photo)
            seen = reduced_on_white(photo, factor)
        with watch.measure("recall"):
            digest = digest_of(data)
            known = self._segmenter.recall(digest, order.names, order.store)
        return PreparedPhoto(photo, seen, factor, digest, known, watch)

    def look(self, prepared: PreparedPhoto, order: Order) -> SeenPhoto:
        """Look at the photo once, for the edits and the protection together. Raises ModelError."""
        with prepared.watch.measure("segment"):
            found, fresh = self._segmenter.segment(
                prepared.digest, prepared.seen, order.names, prepared.known
            )
        return SeenPhoto(prepared, found, fresh)

    def finish(self, seen: SeenPhoto, order: Order) -> EditedPhoto:
        """Edit and encode. Raises ProtectionError rather than touch what is protected."""
        prepared, watch = seen.prepared, seen.prepared.watch
        with watch.measure("edit"):
            outlines = _Outlines(seen.found, prepared.seen, prepared.factor)
            edited = self._apply(prepared.photo, outlines, order.concepts, order.protect)
        with watch.measure("encode"):
            png = encode_png(edited)
        with watch.measure("preview"):
            preview = encode_preview(edited)
        if seen.fresh:
            with watch.measure("keep"):
                order.store.save(prepared.digest, self._segmenter.model, seen.fresh)
        return EditedPhoto(
            png=png,
            preview=preview,
            width=edited.width,
            height=edited.height,
            warnings=tuple(dict.fromkeys(edited.warnings)),
            timings=watch.seconds,
            instances={
                name: in_reading_order(seen.found.instances[name])
                for name in order.concepts
                if name in seen.found.instances
            },
        )

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
                weight, absent = outlines.weight(name, shape, edit.instances)
                if absent:
                    warnings.append(_absent(name, absent, found.instances.get(name, ())))
                    if not cv2.countNonZero(weight):
                        continue
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

    def weight(
        self, name: str, shape: tuple[int, int], chosen: Sequence[int] | None
    ) -> tuple[Mask, tuple[int, ...]]:
        """How much of each pixel of the photo (`shape`) belongs to the concept, a new array, or to
        the chosen instances of it; and the numbers among these that there are none of.
        """
        mask = self.found.masks[name]
        absent: tuple[int, ...] = ()
        if chosen is not None:
            mask, absent = select(mask, self.found.instances.get(name, ()), chosen)
        return full_size(self._drawn(mask), shape, self._factor), absent

    def protected(self, names: Sequence[str], shape: tuple[int, int]) -> BoolMask:
        """The pixels of the photo to be left alone: the masks as found and as drawn."""
        masks = [self.found.masks[name] for name in names if name in self.found.masks]
        if masks:
            masks.append(self._drawn(np.maximum.reduce(masks)))
        return protected_pixels(masks, shape, self._factor)

    def _drawn(self, mask: Mask) -> Mask:
        assert self._edges is not None
        return self._edges.draw(mask)


def _absent(name: str, numbers: Sequence[int], instances: Sequence[Instance]) -> str:
    count = max(1, len(instances))
    there = "there is one, number 0" if count == 1 else f"there are {count}, from 0 to {count - 1}"
    return f"{name}: no instance {', '.join(map(str, numbers))}, {there}"


def _edit(canvas: Canvas, region: Region, edit: Edit) -> tuple[str, ...]:
    if not cv2.countNonZero(region.weight):
        return ("entirely protected, left unchanged",)
    try:
        return CATALOGUE[edit.action](canvas, region, edit.value)
    except EditSkipped as skipped:
        return (skipped.reason,)
