"""One photo from its bytes to its edited bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import cv2

from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.colour.space import space_of
from jobs.gpu.engine.composition import compose
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.heap import keep_memory
from jobs.gpu.engine.memory import Findings, RememberingSegmenter, digest_of
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.order import Order
from jobs.gpu.engine.outlines import Outlines
from jobs.gpu.engine.own_outline import by_own_outline
from jobs.gpu.engine.photo import Photo
from jobs.gpu.engine.places import Places, places_of
from jobs.gpu.engine.png import encode_png
from jobs.gpu.engine.preview import encode_preview
from jobs.gpu.engine.segmenters.base import Segmentation, Segmenter
from jobs.gpu.engine.stopwatch import Stopwatch
from jobs.gpu.engine.view import reduced_on_white, view_factor


@dataclass(frozen=True)
class EditedPhoto:
    """The finished photo.

    png: the result at the oriented size of the input. preview: a JPEG, 512 pixels at most.
    width, height: of the result, in pixels. warnings: for the client, in order, none twice.
    timings: seconds per stage, by name. places: where all that was found lies, by concept and in
    the order in which edits number it.
    """

    png: bytes
    preview: bytes
    width: int
    height: int
    warnings: tuple[str, ...]
    timings: Mapping[str, float]
    places: Places = field(default_factory=dict)


@dataclass(frozen=True)
class PreparedPhoto:
    """A decoded photo, what is wanted of it, its reduced view, and what is known from earlier."""

    order: Order
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

    @property
    def shown(self) -> Segmentation:
        """What was found, a product that was cut out before by its own outline."""
        prepared = self.prepared
        return by_own_outline(self.found, prepared.photo.alpha, prepared.seen.shape[:2])


class Engine:
    """Edits photos with the models of one segmenter.

    The three steps may run in different threads: `prepare` and `finish` at once for several
    photos, `look` for one at a time.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = RememberingSegmenter(segmenter)
        # One process per core is the worker's business; OpenCV's threads would only fight over it.
        cv2.setNumThreads(1)
        keep_memory()

    def edit(
        self,
        data: bytes,
        concepts: Mapping[str, Edit],
        protect: Sequence[str],
        *,
        layers: Sequence[str] = (),
        protect_defaulted: bool = False,
    ) -> EditedPhoto:
        """All three steps; what the arguments mean is said at `Order`.

        A concept that is not found or not offered, and a value that is not known, become
        warnings. Raises PhotoError when the file cannot be used, NothingToChange when none of the
        edits could be made, and ModelError when a model cannot run.
        """
        order = Order(concepts, protect, layers, protect_defaulted)
        return self.finish(self.look(self.prepare(data, order)))

    def prepare(self, data: bytes, order: Order) -> PreparedPhoto:
        """Decode the file and recall what is known of it. Raises PhotoError."""
        watch = Stopwatch()
        with watch.measure("decode"):
            photo = decode(data, order.admit)
            factor = view_factor(photo)
            seen = space_of(photo.icc_profile).shown(reduced_on_white(photo, factor))
        with watch.measure("recall"):
            digest = digest_of(data)
            known = self._segmenter.recall(digest, (*order.names, *order.beside), order.store)
        return PreparedPhoto(order, photo, seen, factor, digest, known, watch)

    def look(self, prepared: PreparedPhoto) -> SeenPhoto:
        """Look at the photo once, for the edits and the protection together. Raises ModelError."""
        with prepared.watch.measure("segment"):
            order = prepared.order
            found, fresh = self._segmenter.segment(
                prepared.digest, prepared.seen, order.names, prepared.known, order.beside
            )
        return SeenPhoto(prepared, found, fresh)

    def variant(self, seen: SeenPhoto, order: Order) -> Photo:
        """The photo edited by another order, whose concepts and protection are among those that
        were looked for; not encoded.

        Raises NothingToChange and ProtectionError as `finish`.
        """
        return self._composed(replace(seen, prepared=replace(seen.prepared, order=order)))[0]

    def keep(self, seen: SeenPhoto) -> None:
        """Remember beyond this process what the models found."""
        prepared = seen.prepared
        if seen.fresh:
            prepared.order.store.save(prepared.digest, self._segmenter.model, seen.fresh)

    def _composed(self, seen: SeenPhoto) -> tuple[Photo, Outlines]:
        prepared, watch = seen.prepared, seen.prepared.watch
        with watch.measure("edit"):
            outlines = Outlines(seen.shown, prepared.seen, prepared.factor, watch)
            return compose(prepared.photo, outlines, prepared.order, self._segmenter.name), outlines

    def finish(self, seen: SeenPhoto) -> EditedPhoto:
        """Edit and encode.

        Raises NothingToChange when edits are wanted and none can be made, ProtectionError rather
        than touch what is protected.
        """
        watch = seen.prepared.watch
        edited, outlines = self._composed(seen)
        with watch.measure("places"):
            places = places_of(outlines)
        with watch.measure("encode"):
            png = encode_png(edited)
        with watch.measure("preview"):
            preview = encode_preview(edited)
        if seen.fresh:
            with watch.measure("keep"):
                self.keep(seen)
        return EditedPhoto(
            png=png,
            preview=preview,
            width=edited.width,
            height=edited.height,
            warnings=edited.warnings,
            timings=watch.seconds,
            places=places,
        )
