"""ICC profiles built from their primaries, as phones and cameras embed them."""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

D65: Final = (0.3127, 0.3290)
_D50: Final = np.array([0.96422, 1.0, 0.82491])
# Bradford (ICC.1, annex E).
_CONES: Final = np.array([
    [0.8951, 0.2664, -0.1614],
    [-0.7502, 1.7135, 0.0367],
    [0.0389, -0.0685, 1.0296],
])  # fmt: skip
SRGB_CURVE: Final = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
Chromaticity = tuple[float, float]


def matrix_profile_file(
    primaries: tuple[Chromaticity, Chromaticity, Chromaticity],
    white: Chromaticity,
    curve: float | tuple[float, ...],
) -> bytes:
    """A display profile: matrix and one curve, a gamma (`curv`) or parameters (`para`, type 3)."""
    matrix = _to_d50(white) @ _matrix(primaries, white)
    colorants = [b"XYZ \0\0\0\0" + b"".join(map(_fixed, column)) for column in matrix.T]
    return profile_file(
        {
            b"rXYZ": colorants[0], b"gXYZ": colorants[1], b"bXYZ": colorants[2],
            b"rTRC": curve_tag(curve), b"gTRC": curve_tag(curve), b"bTRC": curve_tag(curve),
        }
    )  # fmt: skip


def profile_file(tags: dict[bytes, bytes], *, space: bytes = b"RGB ") -> bytes:
    """A display profile of version 4 with these tags and the ones that every profile has."""
    text = "made in a test".encode("utf-16-be")
    words = b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(text), 28) + text
    white = b"XYZ \0\0\0\0" + b"".join(map(_fixed, _D50))
    tags = {b"desc": words, b"cprt": words, b"wtpt": white} | tags
    offset = 128 + 4 + 12 * len(tags)
    table, contents = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, offset + len(contents), len(content))
        contents += content + bytes(-len(content) % 4)
    size = offset + len(contents)
    header = struct.pack(">II4s4s4s4s", size, 0, b"\4\x30\0\0", b"mntr", space, b"XYZ ")
    header += struct.pack(">6H4s", 2024, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    header += b"".join(map(_fixed, _D50)) + bytes(48)
    return header + table + contents


def curve_tag(curve: float | tuple[float, ...]) -> bytes:
    """A gamma as a curve with one entry, or the parameters of a parametric curve."""
    if isinstance(curve, float):
        return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(curve * 256))
    kind = {1: 0, 3: 1, 4: 2, 5: 3, 7: 4}[len(curve)]
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + b"".join(map(_fixed, curve))


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(float(value) * 65536))


def _xyz(x: float, y: float) -> np.ndarray:
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _matrix(primaries: tuple[Chromaticity, ...], white: Chromaticity) -> np.ndarray:
    columns = np.stack([_xyz(*one) for one in primaries], axis=1)
    return np.asarray(columns * np.linalg.solve(columns, _xyz(*white)))


def _to_d50(white: Chromaticity) -> np.ndarray:
    scale = np.diag((_CONES @ _D50) / (_CONES @ _xyz(*white)))
    return np.asarray(np.linalg.inv(_CONES) @ scale @ _CONES)


DISPLAY_P3: Final = matrix_profile_file(
    ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)), D65, SRGB_CURVE
)
ADOBE_RGB: Final = matrix_profile_file(((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), D65, 563 / 256)
PROPHOTO: Final = matrix_profile_file(
    ((0.734699, 0.265301), (0.159597, 0.840403), (0.036598, 0.000105)), (0.3457, 0.3585), 1.8
)
SRGB: Final = matrix_profile_file(((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)), D65, SRGB_CURVE)
WIDE: Final = {"Display P3": DISPLAY_P3, "Adobe RGB": ADOBE_RGB, "ProPhoto": PROPHOTO}
