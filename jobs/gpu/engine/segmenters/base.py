"""The seam between the engine and whatever finds concepts in a photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.segmenters.instance import Instance


@dataclass(frozen=True)
class Segmentation:
    """What was asked for, sorted into found, absent and not on offer. Each name is in one of them.

    masks: concept name as it was asked for → HxW uint8 at the size of the picture. A mask may be
    rough at its edge: the pipeline draws it to the picture's own edges. instances: for those
    names of `masks` whose backend tells things apart, the surest first. doubtful: those names of
    `masks` that would be edited to rags: they are protected as they are found, and to an edit they
    are not there.
    """

    masks: Mapping[str, Mask] = field(default_factory=dict)
    not_found: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()
    instances: Mapping[str, tuple[Instance, ...]] = field(default_factory=dict)
    doubtful: frozenset[str] = frozenset()

    def editable(self, name: str) -> bool:
        """Whether it was found well enough for an edit."""
        return name in self.masks and name not in self.doubtful


class Segmenter(Protocol):
    """Finds concepts. One instance serves one process and may keep models in memory."""

    @property
    def name(self) -> str:
        """The name of the backend, as a client may read it in a warning."""
        ...

    @property
    def version(self) -> str | None:
        """Changes whenever the same picture may get other masks; None: they are not remembered."""
        ...

    def segment(self, rgb: Rgb, concepts: Sequence[str]) -> Segmentation:
        """Look for every concept in one picture (HxWx3 uint8), the view of a photo.

        Raises ModelError when a model cannot run; never guesses a concept it was not made for.
        """
        ...
