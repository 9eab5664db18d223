"""What each segmentation backend can find, without loading one.

Plain data without Django: the web process tells clients what the configured backend supports, and
the engine holds itself to the same table (a test compares them).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jobs.presets import canonical

CPU_CONCEPTS = (
    "Wall", "Floor", "Ceiling", "Window", "Cabinet", "Grout",
    "Body", "Product", "Background", "Label_Text", "Gloss",
)  # fmt: skip


@dataclass(frozen=True)
class Backend:
    """`concepts` are the spellings of `canonical`; None for a backend that takes any name."""

    name: str
    concepts: frozenset[str] | None = None

    def supports(self, concept: str) -> bool:
        return self.concepts is None or canonical(concept) in self.concepts


def backend_of(name: str, concepts: Iterable[str] = ()) -> Backend:
    """The backend of that name. `concepts` says what it can find where that is not known here: an
    operator's own model may know anything.
    """
    known = tuple(concepts) or (CPU_CONCEPTS if name == "cpu" else ())
    return Backend(name, frozenset(map(canonical, known)) if known else None)
