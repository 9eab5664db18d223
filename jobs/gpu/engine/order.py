"""What is wanted of one photo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from jobs.gpu.engine.formats.canvas import Admit, welcome
from jobs.gpu.engine.memory import MaskStore, NoStore
from jobs.gpu.engine.messages import Edit
from jobs.presets import canonical

SURFACES: Final = ("Wall", "Floor", "Ceiling")


@dataclass(frozen=True)
class Order:
    """The edits and the protection of a photo. In which order they were written has no meaning.

    layers: names of concepts, each more specific than the one before it; any other name is more
    specific still, and those go by their names. Where two edits overlap, the more specific one is
    on top. protect_defaulted: nobody asked for the protection by name, so what of it is not there
    is not worth a word. store: keeps masks beyond this process. admit: is asked before the photo is
    decoded.
    """

    concepts: Mapping[str, Edit]
    protect: Sequence[str] = ()
    layers: Sequence[str] = ()
    protect_defaulted: bool = False
    store: MaskStore = field(default_factory=NoStore)
    admit: Admit = welcome

    @property
    def names(self) -> tuple[str, ...]:
        """Everything to look for, once; without an edit there is nothing to protect either."""
        return self._upwards([*self.concepts, *self.protect]) if self.concepts else ()

    @property
    def beside(self) -> tuple[str, ...]:
        """What is to be looked for as well: the surfaces of a room share borders, and the light."""
        asked = {canonical(name) for name in self.names}
        others = tuple(name for name in SURFACES if canonical(name) not in asked)
        return others if len(others) < len(SURFACES) else ()

    @property
    def edits(self) -> Mapping[str, Edit]:
        """The edits to be made, the undermost first; what is protected is not edited."""
        kept = {canonical(name) for name in self.protect}
        names = self._upwards(name for name in self.concepts if canonical(name) not in kept)
        return {name: self.concepts[name] for name in names}

    @property
    def contradicted(self) -> tuple[str, ...]:
        """What is to be edited and protected: it is protected."""
        kept = {canonical(name) for name in self.protect}
        return self._upwards(name for name in self.concepts if canonical(name) in kept)

    @property
    def protected(self) -> tuple[str, ...]:
        """The names to protect, once."""
        return self._upwards(self.protect)

    def _upwards(self, names: Iterable[str]) -> tuple[str, ...]:
        ranks = {canonical(name): rank for rank, name in enumerate(self.layers)}
        return tuple(
            sorted(set(names), key=lambda name: (ranks.get(canonical(name), len(ranks)), name))
        )
