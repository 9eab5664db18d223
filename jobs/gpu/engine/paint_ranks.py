"""Which of the paints of a thing a customer means: not its sole, its label, or who wears it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.colour_hills import Labels
from jobs.gpu.engine.paint_colours import COLOURED, NEUTRAL, chroma_of

# White and grey parts are seldom what is meant: soles, labels, insides, metal.
_PALE_FROM, _PALE_AT = 62.0, 78.0
_PALE_COUNTS: Final = 0.45
# Where black covers hardly more than a colour, it is tyres, handles and trim.
_TRIM_COUNTS: Final = 0.85
# So is grey that lies between coloured parts of a thing, above and below, over most of its width.
_LABEL_SHARE: Final = 0.15
_NEUTRAL_LABEL: Final = 16.0
_BETWEEN: Final = 0.7
_COARSE: Final = 4
# A hand, a neck, hair.
_SKIN_COUNTS: Final = 0.25


def likely_meant(
    colours: Mapping[int, tuple[int, int, int]], labels: Labels, skin: int | None
) -> Mapping[int, float]:
    """How likely a customer means each paint of a thing (hxw numbers, -1 for none) for what it
    covers, 0-1, by its colour (0-255). skin: the number of the paint that is skin."""
    labelled = _labels_on_colour(colours, labels[::_COARSE, ::_COARSE], skin)
    found: dict[int, float] = {}
    for number, colour in colours.items():
        found[number] = _SKIN_COUNTS if number == skin else by_colour(colour)
        if number in labelled:
            found[number] = min(found[number], _PALE_COUNTS)
        elif chroma_of(colour) < NEUTRAL and _hardly_more(number, colours, labels, skin):
            found[number] *= _TRIM_COUNTS
    return found


def _hardly_more(
    black: int,
    colours: Mapping[int, tuple[int, int, int]],
    labels: Labels,
    skin: int | None,
) -> bool:
    """Whether a neutral paint covers hardly more than one with a colour."""
    most = max(
        (
            int((labels == number).sum())
            for number, colour in colours.items()
            if number != skin and chroma_of(colour) >= COLOURED
        ),
        default=0,
    )
    return most > _TRIM_COUNTS * int((labels == black).sum())


def by_colour(colour: tuple[int, int, int]) -> float:
    """How likely a customer means this colour (0-255), 0-1."""
    pale = np.clip((_lightness(colour) - _PALE_FROM) / (_PALE_AT - _PALE_FROM), 0, 1)
    neutral = np.clip((COLOURED - chroma_of(colour)) / (COLOURED - NEUTRAL), 0, 1)
    return float(1 - (1 - _PALE_COUNTS) * pale * neutral)


def _lightness(colour: tuple[int, int, int]) -> float:
    pixel = np.full((1, 1, 3), colour, np.float32) * np.float32(1 / 255)
    return float(cv2.cvtColor(pixel, cv2.COLOR_RGB2LAB)[0, 0, 0])


def _labels_on_colour(
    colours: Mapping[int, tuple[int, int, int]], labels: Labels, skin: int | None
) -> frozenset[int]:
    """The paints that are grey and lie between two parts of one with colour, above and below: a
    label in the shade, on a bottle."""
    total = max(1, int((labels >= 0).sum()))
    numbers, sizes = np.unique(labels[labels >= 0], return_counts=True)
    large = [
        int(n)
        for n, size in zip(numbers, sizes, strict=True)
        if size > _LABEL_SHARE * total and n in colours
    ]
    chromas = {number: chroma_of(colour) for number, colour in colours.items()}
    found: set[int] = set()
    for label in large:
        for coloured in large:
            if chromas[label] > _NEUTRAL_LABEL or chromas[coloured] < COLOURED:
                continue
            if skin in (label, coloured):
                continue
            grey, other = labels == label, labels == coloured
            above = np.logical_or.accumulate(other, axis=0)
            below = np.logical_or.accumulate(other[::-1], axis=0)[::-1]
            if float((above & below)[grey].mean()) > _BETWEEN:
                found.add(label)
    return frozenset(found)
