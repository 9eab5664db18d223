"""Masks that were found before: the same photo and concept is never segmented twice.

Remembered in this process, and through a `MaskStore` beyond it. A second look over a set then
costs only the edit.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.segmenters.base import Segmentation, Segmenter
from jobs.gpu.engine.segmenters.instance import Instance

# Masks kept as PNG in one process, in bytes. One of the demo photos takes 6 to 28 kB, so this is
# two thousand masks or more: a set of 200 photos that is edited again, with ten concepts each.
_REMEMBERED_BYTES: Final = 64 * 1024 * 1024
# About what an entry takes besides its PNG, and each instance of it, in bytes (sys.getsizeof). It
# keeps what has no mask from being free.
_ENTRY_COST: Final = 200
# Of masks, which are flat for the most part: a quarter of the time of other settings, and fewer
# bytes.
_PNG: Final = (
    *(cv2.IMWRITE_PNG_COMPRESSION, 1),
    *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP),
    *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of one concept in one photo.

    png: its mask at the size of the view, 8-bit gray, or None when the concept is not there.
    doubtful: see `Segmentation`.
    """

    png: bytes | None
    instances: tuple[Instance, ...] = ()
    doubtful: bool = False


Findings = Mapping[str, Finding]
"""By concept, as it was asked for."""


class MaskStore(Protocol):
    """Keeps findings beyond this process. Losing one costs time, never a photo: nothing raises."""

    def load(self, digest: str, model: str, concepts: Sequence[str]) -> Findings:
        """Those of the concepts that are known of the photo with this SHA-256, for this model."""
        ...

    def save(self, digest: str, model: str, findings: Findings) -> None:
        """Keep what a model found in a photo."""
        ...


class NoStore:
    """Keeps nothing."""

    def load(self, digest: str, model: str, concepts: Sequence[str]) -> Findings:
        return {}

    def save(self, digest: str, model: str, findings: Findings) -> None:
        return None


class RememberingSegmenter:
    """A segmenter with a memory. Safe to share between threads."""

    def __init__(self, segmenter: Segmenter, *, capacity: int = _REMEMBERED_BYTES) -> None:
        self._segmenter = segmenter
        self._capacity = capacity
        self._known: OrderedDict[tuple[str, str], Finding] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self.name = segmenter.name
        self.model = f"{segmenter.name}/{segmenter.version}"

    def recall(self, digest: str, concepts: Sequence[str], store: MaskStore) -> Findings:
        """What is known of the photo with this SHA-256, here or in the store."""
        if self._segmenter.version is None:
            return {}
        names = tuple(dict.fromkeys(concepts))
        findings = self._recall(digest, names)
        missing = [name for name in names if name not in findings]
        if missing:
            stored = store.load(digest, self.model, missing)
            self._remember(digest, stored)
            findings.update(stored)
        return findings

    def segment(
        self,
        digest: str,
        rgb: Rgb,
        concepts: Sequence[str],
        known: Findings,
        beside: Sequence[str] = (),
    ) -> tuple[Segmentation, Findings]:
        """As `Segmenter.segment`, asking the model only for what is not known. What is wanted
        `beside` is no reason to ask, and then asked for too.

        Returns all findings as well when there are new ones to be kept, or else none.
        """
        masks, unusable = _opened(known, rgb.shape)
        known = {name: one for name, one in known.items() if name not in unusable}
        names = tuple(dict.fromkeys([*concepts, *beside]))
        missing: tuple[str, ...] = ()
        if not known.keys() >= set(concepts):
            missing = tuple(name for name in names if name not in known)
        fresh = self._segmenter.segment(rgb, missing) if missing else Segmentation()
        if self._segmenter.version is None:
            return fresh, {}
        new = _findings(fresh)
        self._remember(digest, new)
        findings = {**known, **new}
        masks.update(fresh.masks)
        found = Segmentation(
            masks={name: masks[name] for name in names if name in masks},
            not_found=tuple(
                name for name in names if name in findings and findings[name].png is None
            ),
            unsupported=fresh.unsupported,
            instances={name: one.instances for name, one in findings.items() if one.instances},
            doubtful=frozenset(name for name, one in findings.items() if one.doubtful),
        )
        return found, findings if new else {}

    def _recall(self, digest: str, names: Sequence[str]) -> dict[str, Finding]:
        known: dict[str, Finding] = {}
        with self._lock:
            for name in names:
                finding = self._known.get((digest, name))
                if finding is not None:
                    self._known.move_to_end((digest, name))
                    known[name] = finding
        return known

    def _remember(self, digest: str, findings: Findings) -> None:
        with self._lock:
            for name, finding in findings.items():
                old = self._known.pop((digest, name), None)
                self._bytes -= _cost(old) if old else 0
                self._known[digest, name] = finding
                self._bytes += _cost(finding)
            while self._bytes > self._capacity and self._known:
                _, forgotten = self._known.popitem(last=False)
                self._bytes -= _cost(forgotten)


def digest_of(data: bytes) -> str:
    """The SHA-256 of a file, by which a photo is recognised."""
    return hashlib.sha256(data).hexdigest()


def _findings(found: Segmentation) -> dict[str, Finding]:
    """What is worth remembering: that a backend does not support a name is told at once."""
    findings = {name: Finding(None) for name in found.not_found}
    for name, mask in found.masks.items():
        written = cv2.imencode(".png", mask, _PNG)[1]
        instances = found.instances.get(name, ())
        findings[name] = Finding(written.tobytes(), instances, name in found.doubtful)
    return findings


def _opened(findings: Findings, shape: tuple[int, ...]) -> tuple[dict[str, Mask], set[str]]:
    """The masks by name, and the names whose mask is damaged or of another size."""
    masks: dict[str, Mask] = {}
    unusable: set[str] = set()
    for name, finding in findings.items():
        if finding.png is None:
            continue
        packed = np.frombuffer(finding.png, np.uint8)
        mask = cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE) if packed.size else None
        if mask is None or mask.shape != shape[:2]:
            unusable.add(name)
        else:
            masks[name] = np.asarray(mask, np.uint8)
    return masks, unusable


def _cost(finding: Finding) -> int:
    return len(finding.png or b"") + _ENTRY_COST * (1 + len(finding.instances))
