"""What is said of a photo: what could not be done, and why nothing could."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from jobs.gpu.engine.errors import NothingToChange
from jobs.gpu.engine.order import Order
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.gpu.engine.segmenters.instance import Instance

NOT_FOUND: Final = "not found"
NOT_SUPPORTED: Final = "not supported"
PROTECTED: Final = "protected"
COVERED: Final = "covered by another edit"

_LONGEST: Final = 200
_AND_MORE: Final = " and more"


class Remarks:
    """Collected while a photo is edited: warnings, and for each edit left out a brief reason."""

    def __init__(self, warnings: Sequence[str] = ()) -> None:
        self._warnings = list(warnings)
        self._left_out: dict[str, list[str]] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """For the client, in order, none twice."""
        return tuple(dict.fromkeys(self._warnings))

    def warn(self, name: str, text: str) -> None:
        """Say something of a concept."""
        self._warnings.append(f"{name}: {text}")

    def leave_out(self, name: str, brief: str, text: str) -> None:
        """An edit is not made: briefly why, and as a warning."""
        self.warn(name, text)
        self._left_out.setdefault(brief, []).append(name)

    def nothing_to_change(self) -> NothingToChange:
        """The reasons for which every edit was left out, in a sentence.

        It holds letters, digits, `_`, spaces and `,()-`, after one colon, and 200 characters at
        most: whatever a client wrote as a name or a value is reduced to these.
        """
        reasons = (
            f"{_plain(brief)} ({', '.join(map(_plain, names))})"
            for brief, names in self._left_out.items()
        )
        text = "nothing to change: " + ", ".join(reasons)
        if len(text) > _LONGEST:
            text = text[: _LONGEST - len(_AND_MORE)].rstrip(" ,(-") + _AND_MORE
        return NothingToChange(text)


def say_what_is_missing(remarks: Remarks, order: Order, found: Segmentation, backend: str) -> None:
    """What was asked for and is not there. A protection that was asked for by name must never
    lapse in silence.
    """
    for name in order.contradicted:
        remarks.leave_out(name, PROTECTED, "is to be protected as well, left unchanged")
    for name in order.edits:
        if name in found.not_found or name in found.doubtful:
            remarks.leave_out(name, NOT_FOUND, "not found in this photo")
    for name in order.edits:
        if name in found.unsupported:
            text = f"not supported by the {backend} backend, left unchanged"
            remarks.leave_out(name, NOT_SUPPORTED, text)
    if order.protect_defaulted:
        return
    for name in order.protected:
        if name in found.not_found and name not in order.concepts:
            remarks.warn(name, "not found in this photo, nothing to protect")
    for name in order.protected:
        if name in found.unsupported:
            remarks.warn(name, f"not supported by the {backend} backend, could not be protected")


def absent_instances(numbers: Sequence[int], instances: Sequence[Instance]) -> str:
    """There are no such numbers, and which there are."""
    count = max(1, len(instances))
    there = "there is one, number 0" if count == 1 else f"there are {count}, from 0 to {count - 1}"
    return f"no instance {', '.join(map(str, numbers))}, {there}"


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w -]", " ", text).split())
