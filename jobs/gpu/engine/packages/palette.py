"""The colours that an order gave to a photo, with their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.actions.patterns import pattern
from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.packages.boards import Chip
from jobs.gpu.engine.packages.texts import COLOURS, Language, concept_name, said
from jobs.vocabulary import Colour, find_material, find_texture, find_tone, parse_hex, shade

# Of a mask only what is surely inside.
_INSIDE: Final = 200


def palette(
    concepts: Mapping[str, Edit], masks: Mapping[str, Mask], after: Rgb, language: Language
) -> list[Chip]:
    """A chip for each edit that shows in the photo: its colour by name, or as measured on `after`
    under the concept's mask (of any size).
    """
    chips = []
    for name, edit in concepts.items():
        mask = masks.get(name)
        if mask is None or edit.action == "remove":
            continue
        colour = colour_of(edit) or _measured(after, mask)
        if colour is not None:
            value = value_name(edit.action, edit.value, language)
            chips.append(Chip(f"{concept_name(name, language)} · {value}", colour))
    return chips


def colour_of(edit: Edit) -> Colour | None:
    """The colour that an edit gives; None where it only changes what is there."""
    if edit.action == "recolor":
        plain = parse_hex(edit.value)
        found = find_material(edit.value)
        return shade(*found) if plain is None and found is not None else plain
    name = find_texture(edit.value) if edit.action == "texture" else None
    if name is None:
        return None
    red, green, blue = pattern(name).mean(axis=(0, 1))
    return round(float(red)), round(float(green)), round(float(blue))


def value_name(action: str, value: str, language: Language) -> str:
    """What people call a value: a name of the vocabulary without its grade, or as written."""
    if action == "tone":
        tone = find_tone(value)
        stem = value if tone is None else tone[0]
    elif action == "texture":
        stem = find_texture(value) or value
    elif parse_hex(value) is not None:
        return value.strip().upper()
    else:
        stem = value.strip().casefold()
        stem = stem if stem in COLOURS else stem.rpartition("_")[0]
    label = COLOURS.get(stem)
    return value if label is None else said(label, language)


def _measured(after: Rgb, mask: Mask) -> Colour | None:
    fitted = cv2.resize(mask, (after.shape[1], after.shape[0]), interpolation=cv2.INTER_AREA)
    inside = fitted >= _INSIDE
    if not inside.any():
        return None
    red, green, blue = np.median(after[inside], axis=0)
    return int(red), int(green), int(blue)
