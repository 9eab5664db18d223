"""Reading an ICC profile that is a matrix and three curves, as cameras and phones embed it.

Format: ICC.1:2022. Profiles of other kinds (tables, gray, CMYK) are LittleCMS's business.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

# A curve, and its inverse, is a table of so many steps.
STEPS: Final = 4096
_HEADER: Final = 128
_MOST_TAGS: Final = 100
_CLASSES: Final = frozenset({b"mntr", b"scnr", b"prtr", b"spac"})
# Profiles with tables beside the matrix are meant to be read by their tables.
_TABLES: Final = frozenset({b"A2B0", b"A2B1", b"A2B2", b"D2B0", b"D2B1", b"D2B2", b"D2B3"})
_WHITE: Final = np.array([0.9642, 1.0, 0.8249])  # D50 (ICC.1, 6.3.4.3)
# How far the white of a profile may be from that before it is no profile but an accident. The
# tolerance is the one of Firefox.
_OFF_WHITE: Final = np.array([0.02, 0.02, 0.04])
# Parameters of each kind of parametric curve (ICC.1, table 68).
_PARAMETERS: Final = (1, 3, 4, 5, 7)


@dataclass(frozen=True)
class MatrixProfile:
    """matrix: 3x3, linear red, green, blue to XYZ (D50). curves: 3xSTEPS, from code values at even
    steps from 0 to 1 to linear light."""

    matrix: Numbers
    curves: Numbers


def whole_profile(data: bytes) -> bytes:
    """The profile without what follows it, or b"" when it is none or not all there."""
    if len(data) < _HEADER + 4 or data[36:40] != b"acsp":
        return b""
    size = int.from_bytes(data[:4], "big")
    return data[:size] if _HEADER + 4 <= size <= len(data) else b""


def matrix_profile(data: bytes) -> MatrixProfile | None:
    """What a profile of RGB numbers says; None when it is of another kind or makes no sense."""
    profile = whole_profile(data)
    described = profile[12:16] in _CLASSES and profile[16:24] == b"RGB XYZ "
    if not described:
        return None
    try:
        tags = _tags(profile)
        if _TABLES & tags.keys():
            return None
        columns = [_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        curves = np.stack([_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")])
    except (KeyError, ValueError, struct.error):
        return None
    matrix = np.stack(columns, axis=1)
    plausible = bool((np.abs(matrix.sum(axis=1) - _WHITE) <= _OFF_WHITE).all())
    if not plausible or abs(float(np.linalg.det(matrix))) < 1e-3:
        return None
    return MatrixProfile(matrix, curves)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, _HEADER)
    tags: dict[bytes, bytes] = {}
    for index in range(min(count, _MOST_TAGS)):
        name, offset, size = struct.unpack_from(">4sII", profile, _HEADER + 4 + 12 * index)
        if offset + size <= len(profile):
            tags[name] = profile[offset : offset + size]
    return tags


def _xyz(tag: bytes) -> Numbers:
    if tag[:4] != b"XYZ ":
        raise ValueError("not a colour")
    return np.array(struct.unpack_from(">3i", tag, 8), np.float64) / 65536


def _curve(tag: bytes) -> Numbers:
    """Linear light at even steps. Raises ValueError for a curve that cannot be followed back."""
    at = np.linspace(0, 1, STEPS)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        entries = np.frombuffer(tag, ">u2", count, 12).astype(np.float64)
        if count == 0:
            curve = at
        elif count == 1:
            curve = at ** (entries[0] / 256)
        else:
            curve = np.interp(at, np.linspace(0, 1, count), entries / 65535)
    elif tag[:4] == b"para":
        (kind,) = struct.unpack_from(">H", tag, 8)
        if kind >= len(_PARAMETERS):
            raise ValueError("an unknown kind of curve")
        raw = struct.unpack_from(f">{_PARAMETERS[kind]}i", tag, 12)
        curve = _parametric(at, [value / 65536 for value in raw])
    else:
        raise ValueError("not a curve")
    rising = np.isfinite(curve).all() and (np.diff(curve) >= 0).all()
    if not rising or curve[-1] - curve[0] < 0.5:
        raise ValueError("not a curve that tells light from dark")
    return np.asarray(np.clip(curve, 0, 1), np.float64)


def _parametric(at: Numbers, parameters: list[float]) -> Numbers:
    """ICC.1, table 68: Y = (aX + b)^g + e from X = d on, cX + f below."""
    g, a, b, c, d, e, f = (0.0,) * 7
    match parameters:
        case [g]:
            a = 1.0
        case [g, a, b]:
            d = -b / a if a else 0.0
        case [g, a, b, c]:
            d = -b / a if a else 0.0
            e = f = c
            c = 0.0
        case [g, a, b, c, d]:
            pass
        case [g, a, b, c, d, e, f]:
            pass
    with np.errstate(all="ignore"):
        above = np.maximum(a * at + b, 0) ** g + e
        return np.asarray(np.where(at >= d, above, c * at + f), np.float64)
