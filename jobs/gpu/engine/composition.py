"""All edits of a photo laid together, so that their order of writing does not show.

Every edit is worked out on the original. The edits share the photo from the top downwards: each
takes what its mask weighs as far as those above it have left it. Along a soft border the weights
add up to the whole, and where two masks overlap the upper one has it all.

What is removed is the exception, and comes last: its place is filled from what will surround it,
the new wall and not the old one.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.actions.base import Canvas, Region
from jobs.gpu.engine.actions.catalogue import CATALOGUE
from jobs.gpu.engine.arrays import BoolMask, Mask
from jobs.gpu.engine.colour.space import space_of
from jobs.gpu.engine.cutout import CutOut
from jobs.gpu.engine.errors import EditSkipped
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.order import Order
from jobs.gpu.engine.outlines import Outlines
from jobs.gpu.engine.photo import Photo
from jobs.gpu.engine.protect import restore, unweighted
from jobs.gpu.engine.remarks import (
    COVERED,
    NOT_FOUND,
    PROTECTED,
    Remarks,
    absent_instances,
    say_what_is_missing,
)
from jobs.presets import canonical
from jobs.spellings import is_cut_out

# What is left of a mask after protection is nothing but its soft rim when no pixel weighs more.
_RIM: Final = 128


@dataclass(frozen=True)
class _Removal:
    name: str
    edit: Edit
    region: Region


def compose(photo: Photo, outlines: Outlines, order: Order, backend: str) -> Photo:
    """The edited photo, with its warnings. `backend` is what clients call the segmenter.

    Raises NothingToChange when edits were asked for and none could be made, ProtectionError rather
    than touch what is protected.
    """
    return _Composition(photo, outlines, order, backend).made()


class _Composition:
    def __init__(self, photo: Photo, outlines: Outlines, order: Order, backend: str) -> None:
        self._photo, self._outlines, self._order = photo, outlines, order
        self._remarks = Remarks(photo.warnings)
        say_what_is_missing(self._remarks, order, outlines.found, backend)
        self._shape = (photo.height, photo.width)
        self._protected: BoolMask = outlines.protected(order.protected, self._shape)
        self._spared = outlines.fine(order.protected)
        self._changed = False
        # Concepts of which all is edited → the spelling that did it.
        self._on_top: dict[str, str] = {}
        self._cut_out = self._product_alone()
        original = photo.rgb
        if self._cut_out is not None or not original.flags.writeable:
            original = original.copy()
        if self._cut_out is not None:
            self._cut_out.matte.put_on(original)
        space = space_of(photo.icc_profile)
        light, perspective = outlines.light(), outlines.perspective
        self._canvas = Canvas.of(original, photo.alpha, light, perspective, space)

    def made(self) -> Photo:
        order, photo, canvas = self._order, self._photo, self._canvas
        free: Mask = np.where(self._protected, np.uint8(0), np.uint8(255))
        removals: list[_Removal] = []
        for name, edit in reversed([*order.edits.items()]):
            if not self._outlines.found.editable(name) or is_cut_out(name, edit.action):
                continue
            if self._covered(name):
                continue
            region = self._region(name, edit, free)
            if region is None:
                continue
            if edit.action == "remove":
                removals.append(_Removal(name, edit, region))
            elif not self._apply(name, edit, region):
                continue
            if edit.instances is None:
                self._on_top[canonical(name)] = name
            cv2.subtract(free, region.weight, dst=free)
        del free
        for removal in reversed(removals):
            self._apply(removal.name, removal.edit, removal.region)
        if order.concepts and not self._changed:
            raise self._remarks.nothing_to_change()
        alpha = canvas.alpha
        if self._cut_out is not None:
            alpha = self._cut_out.laid(canvas.rgb, photo, self._outlines.seen, self._protected)
        restore(canvas.rgb, photo.rgb, self._protected)
        if alpha is not None and photo.alpha is not None:
            restore(alpha, photo.alpha, self._protected)
        return Photo(canvas.rgb, alpha, photo.icc_profile, self._remarks.warnings)

    def _product_alone(self) -> CutOut | None:
        """What an edit of the background asks for, or None. Of several spellings the upper one."""
        made: CutOut | None = None
        for name, edit in reversed([*self._order.edits.items()]):
            if not self._outlines.found.editable(name) or not is_cut_out(name, edit.action):
                continue
            if self._covered(name):
                continue
            try:
                made = CutOut.of(self._photo, self._outlines, name, edit)
            except EditSkipped as skipped:
                self._remarks.leave_out(name, skipped.brief, skipped.reason)
                continue
            for text in made.warnings:
                self._remarks.warn(name, text)
            self._changed = True
            self._on_top[canonical(name)] = name
        return made

    def _covered(self, name: str) -> bool:
        """Whether another spelling of the concept was edited, all of it."""
        above = self._on_top.get(canonical(name))
        if above is None:
            return False
        text = f"{above} is the same concept and lies over it, left unchanged"
        self._remarks.leave_out(name, COVERED, text)
        return True

    def _region(self, name: str, edit: Edit, free: Mask) -> Region | None:
        """What the edit may have of what is `free` of the photo (HxW), or None for nothing."""
        area = self._outlines.area(name, edit, self._canvas.original, self._spared)
        weight, absent = area.weight, area.absent
        if absent:
            text = absent_instances(absent, self._outlines.instances(name))
            if not cv2.countNonZero(weight):
                self._remarks.leave_out(name, NOT_FOUND, text)
                return None
            self._remarks.warn(name, text)
        solid = _peak(weight) >= _RIM
        unweighted(weight, self._protected)
        if not _peak(weight) or (solid and _peak(weight) < _RIM):
            self._remarks.leave_out(name, PROTECTED, "entirely protected, left unchanged")
            return None
        held = self._protected
        cv2.min(weight, free, dst=weight)
        if edit.action == "remove":
            # A thing is not filled over what lies on it and stays.
            held = free < _RIM
            unweighted(weight, held)
        if not _peak(weight):
            text = "lies wholly under other edits, left unchanged"
            self._remarks.leave_out(name, COVERED, text)
            return None
        return Region(
            concept=name, weight=weight, protected=held, paint=edit.paint, matte=area.matte
        )

    def _apply(self, name: str, edit: Edit, region: Region) -> bool:
        """Whether the edit was made."""
        own = nullcontext() if region.matte is None else region.matte.worn_by(self._canvas.original)
        try:
            with own:
                warnings = CATALOGUE[edit.action](self._canvas, region, edit.value)
        except EditSkipped as skipped:
            self._remarks.leave_out(name, skipped.brief, skipped.reason)
            return False
        self._changed = True
        for text in warnings:
            self._remarks.warn(name, text)
        return True


def _peak(weight: Mask) -> int:
    return int(cv2.minMaxLoc(weight)[1])
