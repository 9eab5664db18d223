"""One photo of a package: before, after, and edited anew, as far as a template asks for it.

Only one picture of full size is in memory at a time, and no longer than it is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final, Protocol

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Rgb
from jobs.gpu.engine.colour.space import space_of
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.errors import NothingToChange
from jobs.gpu.engine.memory import MaskStore
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.order import Order
from jobs.gpu.engine.photo import Photo
from jobs.gpu.engine.pipeline import Engine, SeenPhoto
from jobs.gpu.engine.view import reduced_on_white, view_factor
from jobs.limits import MAX_PHOTO_BYTES

_SOLID: Final = 128
# Any edit: what is looked for goes by the names in an order.
_ANY: Final = Edit("tone", "bright")


class Sources(Protocol):
    """Where the files of a photo are."""

    def photo(self) -> bytes:
        """As it was uploaded. Raises PhotoError."""
        ...

    def result(self) -> BinaryIO:
        """What was made of it, as an open file; whoever asks closes it."""
        ...

    def preview(self) -> bytes: ...

    def share(self) -> Share:
        """Of the memory of this process, for one picture of full size."""
        ...

    @property
    def masks(self) -> MaskStore: ...


class Share(Protocol):
    """See `memory_budget.Share`."""

    def admit(self, pixels: int) -> None: ...

    def release(self) -> None: ...


@dataclass(frozen=True)
class Wanted:
    """What the job was told to do with its photos."""

    concepts: Mapping[str, Edit]
    protect: Sequence[str] = ()
    layers: Sequence[str] = ()


@dataclass(frozen=True)
class Box:
    """Where a product is, in pixels of its photo: from left, top up to right, bottom."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


class Subject:
    """A photo with its name: `stem` for files, `caption` for people, empty where it has none."""

    def __init__(
        self, engine: Engine, sources: Sources, wanted: Wanted, *, idx: int, stem: str, caption: str
    ) -> None:
        self._engine = engine
        self._sources = sources
        self.wanted = wanted
        self.idx, self.stem, self.caption = idx, stem, caption

    def before(self, side: int) -> Rgb:
        """The photo in sRGB, `side` pixels on its longest side at most. Raises PhotoError."""
        with self._decoded(self._sources.photo()) as photo:
            return in_srgb(photo, side)

    def after(self, side: int) -> Rgb:
        """What was made of it, as `before`."""
        with self.result_file() as file:
            data = file.read(MAX_PHOTO_BYTES + 1)
        if len(data) > MAX_PHOTO_BYTES:
            # Too large for the cell that decodes: it is made again, of what is remembered.
            with self.opened([*self.wanted.concepts]) as opened:
                return in_srgb(opened.edited(self.wanted.concepts) or opened.photo, side)
        with self._decoded(data) as photo:
            return in_srgb(photo, side)

    def preview(self) -> Rgb:
        """What was made of it, small."""
        with self._decoded(self._sources.preview()) as photo:
            return in_srgb(photo, max(photo.width, photo.height))

    def result_file(self) -> BinaryIO:
        return self._sources.result()

    @contextmanager
    def opened(self, names: Sequence[str]) -> Iterator[Opened]:
        """To edit it anew, with these concepts and the protection of the job looked for. Raises
        PhotoError, and ModelError where masks are not remembered and cannot be found.
        """
        share = self._sources.share()
        order = Order(
            dict.fromkeys(names, _ANY),
            self.wanted.protect,
            layers=self.wanted.layers,
            protect_defaulted=True,
            store=self._sources.masks,
            admit=share.admit,
        )
        try:
            seen = self._engine.look(self._engine.prepare(self._sources.photo(), order))
            self._engine.keep(seen)
            yield Opened(self._engine, seen, self.wanted)
        finally:
            share.release()

    @contextmanager
    def _decoded(self, data: bytes) -> Iterator[Photo]:
        share = self._sources.share()
        try:
            yield decode(data, share.admit)
        finally:
            share.release()


class Opened:
    """A photo that the models have looked at."""

    def __init__(self, engine: Engine, seen: SeenPhoto, wanted: Wanted) -> None:
        self._engine = engine
        self._seen = seen
        self._wanted = wanted
        self.photo = seen.prepared.photo
        self.found = seen.shown

    @property
    def seen(self) -> Rgb:
        """Its reduced view in sRGB, of the size of the masks."""
        return self._seen.prepared.seen

    def edited(self, concepts: Mapping[str, Edit]) -> Photo | None:
        """With these edits instead of the job's, its protection kept; None where they would change
        nothing.
        """
        present = {name: edit for name, edit in concepts.items() if self.found.editable(name)}
        if not present:
            return None
        order = Order(
            present, self._wanted.protect, layers=self._wanted.layers, protect_defaulted=True
        )
        try:
            return self._engine.variant(self._seen, order)
        except NothingToChange:
            return None

    def box_around(self, background: str) -> Box | None:
        """Where what stands before the background is; None where nothing does."""
        mask = self.found.masks.get(background)
        if mask is None:
            return None
        solid: BoolMask = mask < _SOLID
        rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
        if not rows.size:
            return None
        factor = self._seen.prepared.factor
        return Box(
            int(columns[0]) * factor,
            int(rows[0]) * factor,
            min((int(columns[-1]) + 1) * factor, self.photo.width),
            min((int(rows[-1]) + 1) * factor, self.photo.height),
        )


def in_srgb(photo: Photo, side: int | None = None) -> Rgb:
    """The picture laid on white, as it looks, with at most `side` pixels on its longest side."""
    longest = max(photo.width, photo.height)
    scale = 1.0 if side is None else min(1.0, side / longest)
    size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    # By a power of two first, which is quick, and only the rest by a fraction.
    rgb = reduced_on_white(photo, 1 if side is None else view_factor(photo, 2 * max(side, 1)))
    if (rgb.shape[1], rgb.shape[0]) != size:
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    return space_of(photo.icc_profile).shown(rgb)
