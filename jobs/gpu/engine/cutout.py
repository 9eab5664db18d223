"""The product alone: on nothing, or on a sheet of one colour with the shadow it throws there.

That is what a shop means by removing a background or giving it a colour. The edits of the product
come first: they are made on its own colours, as if it had never stood before anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Mask, Rgb
from jobs.gpu.engine.colour.space import ColourSpace, space_of
from jobs.gpu.engine.errors import EditSkipped
from jobs.gpu.engine.ground_shadow import ground_shadow
from jobs.gpu.engine.matting import Matte
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.outlines import Outlines
from jobs.gpu.engine.photo import Photo
from jobs.gpu.engine.view import reduced_on_white
from jobs.vocabulary import DEFAULT_MATERIAL, find_material, parse_hex

# Below this much visible contrast along the outline, it may be wrong in places.
_UNSURE: Final = 0.7
_STRIP_ROWS: Final = 128
_WHITE: Final = 255

UNSURE_OUTLINE: Final = (
    "product and background look alike along parts of the outline, look at the edge"
)


@dataclass(frozen=True)
class CutOut:
    """A product cut out of its photo. sheet: the colour to lay it on, None for nothing."""

    name: str
    matte: Matte
    alpha: Mask
    sheet: tuple[int, int, int] | None

    @classmethod
    def of(cls, photo: Photo, outlines: Outlines, name: str, edit: Edit) -> CutOut:
        """What stands before a background. Raises EditSkipped for an unknown colour, or when there
        is nothing around the product or no product."""
        sheet = None
        if edit.action == "recolor":
            sheet = _in_space(_colour(edit.value), space_of(photo.icc_profile))
        rgb = photo.rgb if photo.alpha is None else reduced_on_white(photo, 1)
        matte = outlines.product(name, rgb)
        if not matte.alpha.any():
            raise EditSkipped("there is no product to cut out, left unchanged", "no product")
        alpha = matte.alpha
        if photo.alpha is not None:
            alpha = np.asarray(cv2.min(alpha, photo.alpha), np.uint8)
        if bool((alpha == _WHITE).all()):
            raise EditSkipped("nothing is around the product, left unchanged", "no background")
        return cls(name, matte, alpha, sheet)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a client should know of it."""
        return (UNSURE_OUTLINE,) if self.matte.contrast < _UNSURE else ()

    def laid(self, rgb: Rgb, photo: Photo, seen: Rgb, protected: BoolMask) -> Mask | None:
        """Lay the product's edited picture (HxWx3, changed in place) on its sheet.

        `seen` is the photo's view; protected pixels (HxW) keep the alpha they had. Returns the
        alpha of the result, HxW, or None when all is opaque.
        """
        if self.sheet is None:
            alpha = self.alpha.copy()
            for top in range(0, len(rgb), _STRIP_ROWS):
                rows = slice(top, top + _STRIP_ROWS)
                hidden = cv2.inRange(alpha[rows], 0, 0)
                rgb[rows] = cv2.max(rgb[rows], cv2.merge([hidden] * 3))
            alpha[protected] = _WHITE if photo.alpha is None else photo.alpha[protected]
            return alpha
        small = cv2.resize(self.alpha, (seen.shape[1], seen.shape[0]), interpolation=cv2.INTER_AREA)
        shade = np.rint(ground_shadow(seen, np.asarray(small, np.uint8)) * 255).astype(np.uint8)
        shade = np.asarray(cv2.resize(shade, (rgb.shape[1], rgb.shape[0])), np.uint8)
        sheet = np.arange(256)[:, np.newaxis] * np.array(self.sheet) / 255
        sheet_by_shade = np.rint(sheet).astype(np.uint8)[np.newaxis]
        for top in range(0, len(rgb), _STRIP_ROWS):
            rows = slice(top, top + _STRIP_ROWS)
            below = cv2.LUT(cv2.merge([shade[rows]] * 3), sheet_by_shade)
            over = cv2.merge([self.alpha[rows]] * 3)
            kept = cv2.multiply(rgb[rows], over, scale=1 / 255)
            laid = cv2.multiply(below, cv2.bitwise_not(over), scale=1 / 255)
            rgb[rows] = cv2.add(kept, laid)
        return None


def _in_space(colour: tuple[int, int, int], space: ColourSpace) -> tuple[int, int, int]:
    """The numbers of an sRGB colour in the photo's space, as near as that has it."""
    numbers = space.from_srgb(np.array([colour], np.float64))[0]
    red, green, blue = np.rint(np.clip(numbers, 0, 255)).astype(int)
    return int(red), int(green), int(blue)


def _colour(value: str) -> tuple[int, int, int]:
    value = value.strip() or DEFAULT_MATERIAL
    colour = parse_hex(value)
    if colour is not None:
        return colour
    material = find_material(value)
    if material is None:
        raise EditSkipped(
            f"unknown colour or material {value!r}, left unchanged", f"unknown value {value}"
        )
    colour, lighter = material
    lab = cv2.cvtColor(np.full((1, 1, 3), colour, np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab[0, 0, 0] = np.clip(lab[0, 0, 0] + lighter, 0, 100)
    red, green, blue = np.rint(np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)[0, 0], 0, 1) * 255)
    return int(red), int(green), int(blue)
