"""Whether the scans of a JPEG bring every coefficient of the picture, each bit once.

A decoder shows what it has got. A progressive file that lost its last scans and got a new end is a
valid coarse picture to it, and one that repeats a scan a thousand times costs it minutes.
"""

from __future__ import annotations

from typing import Final

from jobs.gpu.engine.errors import DAMAGED, PhotoError
from jobs.gpu.engine.formats.jpeg_markers import SEQUENTIAL, Frame, Scan

_COEFFICIENTS: Final = 64
_NOTHING_YET: Final = -1
# The default script of libjpeg has 10 scans and the longest of optimisers some 60.
_MOST_SCANS: Final = 100


def check_scans(frame: Frame, scans: list[Scan]) -> None:
    """Raises PhotoError unless the scans make up the whole picture (ITU-T T.81, G.1.1.1)."""
    whole = _sequential(frame, scans) if frame.process in SEQUENTIAL else _progressive(frame, scans)
    if not whole or len(scans) > _MOST_SCANS:
        raise PhotoError(DAMAGED)


def _sequential(frame: Frame, scans: list[Scan]) -> bool:
    brought = [component for scan in scans for component in scan.components]
    return sorted(brought) == sorted(one.identifier for one in frame.components)


def _progressive(frame: Frame, scans: list[Scan]) -> bool:
    """Follow the bit position down to which each coefficient of each component is known."""
    known = {one.identifier: [_NOTHING_YET] * _COEFFICIENTS for one in frame.components}
    if len(known) != len(frame.components):
        return False
    for scan in scans:
        direct = scan.first == 0
        if scan.last >= _COEFFICIENTS or scan.first > scan.last or (direct and scan.last):
            return False
        if not direct and len(scan.components) != 1:
            return False
        for component in scan.components:
            bits = known.get(component)
            if bits is None or (not direct and bits[0] == _NOTHING_YET):
                return False
            for index in range(scan.first, scan.last + 1):
                refined = bits[index] != _NOTHING_YET
                if refined and (scan.high != bits[index] or scan.low != scan.high - 1):
                    return False
                if not refined and scan.high:
                    return False
                bits[index] = scan.low
    return all(bit == 0 for bits in known.values() for bit in bits)
