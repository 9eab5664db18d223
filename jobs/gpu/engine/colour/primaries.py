"""A profile for photos that name their primaries instead of carrying one.

HEIC, AVIF and PNG may do so by code points (ITU-T H.273), older PNG by coordinates and a gamma.
The result needs a profile all the same: a PNG with one is understood by every viewer.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from jobs.gpu.engine.colour.profile import Numbers

Point = tuple[float, float]
Primaries = tuple[Point, Point, Point, Point]
"""Chromaticities x, y of red, green, blue and white."""

_D65: Final[Point] = (0.3127, 0.3290)
SRGB: Final[Primaries] = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65)
# H.273, table 2: BT.2020 and Display P3. Of the others, none differs visibly from sRGB or is used
# for photos.
_NAMED: Final[dict[int, Primaries]] = {
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
}
# H.273, table 3: the curves of television, which photos are not coded with although some say so,
# and that of sRGB. High dynamic range (16, 18) has no profile.
_CURVES_LIKE_SRGB: Final = frozenset({1, 6, 13, 14, 15})
_SRGB_CURVE: Final = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_D50: Final = np.array([0.9642, 1.0, 0.8249])
_BRADFORD: Final = np.array([
    [0.8951, 0.2664, -0.1614],
    [-0.7502, 1.7135, 0.0367],
    [0.0389, -0.0685, 1.0296],
])  # fmt: skip


def profile_of_code_points(primaries: int, transfer: int) -> bytes:
    """The profile for code points that mean another space than sRGB, else b""."""
    named = _NAMED.get(primaries)
    if named is None or transfer not in _CURVES_LIKE_SRGB:
        return b""
    return profile_of(named, None)


def profile_of(primaries: Primaries, gamma: float | None) -> bytes:
    """A display profile (ICC.1:2022); `gamma` is the exponent to linear light, None the sRGB curve.

    b"" for primaries that span no colours.
    """
    try:
        matrix = _matrix(primaries)
    except (ZeroDivisionError, np.linalg.LinAlgError):
        return b""
    if not np.isfinite(matrix).all() or np.abs(matrix).max() > 4:
        return b""
    curve = _parameters(*_SRGB_CURVE) if gamma is None else _parameters(gamma)
    colorants = [b"XYZ \0\0\0\0" + _fixed(*column) for column in matrix.T]
    return _file({
        b"desc": _text("Primaries named by the photo"),
        b"cprt": _text("None"),
        b"wtpt": b"XYZ \0\0\0\0" + _fixed(*_D50),
        b"rXYZ": colorants[0], b"gXYZ": colorants[1], b"bXYZ": colorants[2],
        b"rTRC": curve, b"gTRC": curve, b"bTRC": curve,
    })  # fmt: skip


def _matrix(primaries: Primaries) -> Numbers:
    """Linear red, green, blue to XYZ, adapted to D50 (ICC.1, annex E)."""
    columns = np.stack([_xyz(point) for point in primaries[:3]], axis=1)
    white = _xyz(primaries[3])
    scale = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    adapted = np.linalg.inv(_BRADFORD) @ scale @ _BRADFORD
    matrix: Numbers = adapted @ (columns * np.linalg.solve(columns, white))
    return matrix


def _xyz(point: Point) -> Numbers:
    x, y = point
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)


def _parameters(*values: float) -> bytes:
    kind = 0 if len(values) == 1 else 3
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + _fixed(*values)


def _text(words: str) -> bytes:
    coded = words.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(coded), 28) + coded


def _file(tags: dict[bytes, bytes]) -> bytes:
    offset = 128 + 4 + 12 * len(tags)
    table, contents = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, offset + len(contents), len(content))
        contents += content + bytes(-len(content) % 4)
    header = struct.pack(
        ">I4x4s4s4s4s6H4s28x", offset + len(contents), b"\4\x30\0\0", b"mntr", b"RGB ", b"XYZ ",
        2024, 1, 1, 0, 0, 0, b"acsp",
    )  # fmt: skip
    return header + _fixed(*_D50) + bytes(48) + table + contents
