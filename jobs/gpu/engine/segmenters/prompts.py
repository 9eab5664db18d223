"""What an open-vocabulary model is asked for, by concept (contract §6)."""

from __future__ import annotations

from typing import Final

from jobs.presets import PRESETS, Concept, canonical

_CONCEPTS: Final = {
    canonical(concept.name): concept
    for preset in PRESETS.values()
    for concept in (*preset.concepts, *preset.worker_concepts)
}


def concept_for(name: str) -> Concept:
    """The preset's concept of that name, however it is spelled; any other is its own prompt."""
    known = _CONCEPTS.get(canonical(name))
    return known or Concept(name, prompt=" ".join(name.replace("_", " ").split()).lower())
