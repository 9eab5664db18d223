"""A baseline JPEG writer for the tests: any sampling, any component numbers, restart markers.

ITU-T T.81, Annexes A, F and K. Pillow only writes the usual ones.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from typing import Final

import cv2
import numpy as np
from PIL import Image

from jobs.gpu.engine.arrays import Rgb

Sampling = tuple[int, int]
Codes = dict[int, tuple[int, int]]

_QUANTUM: Final = 4
_ZIGZAG: Final = sorted(
    range(64), key=lambda i: (s := i // 8 + i % 8, (i // 8 if s % 2 else i % 8))
)
_COSINES: Final = np.array([
    [(0.5 if k else 0.125**0.5) * np.cos((2 * n + 1) * k * np.pi / 16) for n in range(8)]
    for k in range(8)
])  # fmt: skip


def segment(marker: int, payload: bytes) -> bytes:
    """A marker segment with its length."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def write_jpeg(
    rgb: Rgb,
    sampling: Sequence[Sampling] = ((2, 2), (1, 1), (1, 1)),
    *,
    restart: int = 0,
    identifiers: bytes = b"\1\2\3",
    header: bytes = b"",
) -> bytes:
    """A whole file of YCbCr components; `header` stands right after its start.

    restart: MCUs between restart markers, 0 for none.
    """
    tables = _standard_tables()
    planes = np.moveaxis(cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)[..., [0, 2, 1]], -1, 0)
    widest, tallest = max(h for h, _ in sampling), max(v for _, v in sampling)
    height, width = rgb.shape[:2]
    across, down = -(-width // (8 * widest)), -(-height // (8 * tallest))
    blocks = [
        _blocks(plane, (h, v), (widest, tallest), (down, across))
        for plane, (h, v) in zip(planes, sampling, strict=True)
    ]
    frame = b"".join(
        bytes((one, 16 * h + v, 0)) for one, (h, v) in zip(identifiers, sampling, strict=True)
    )
    selected = [bytes((one, 0x11 if n else 0)) for n, one in enumerate(identifiers)]
    parts = [
        b"\xff\xd8", header,
        segment(0xDB, bytes(1) + bytes([_QUANTUM]) * 64),
        segment(0xC0, struct.pack(">BHHB", 8, height, width, len(sampling)) + frame),
        *(segment(0xC4, bytes((number,)) + table) for number, table in tables.items()),
        segment(0xDD, struct.pack(">H", restart)) if restart else b"",
        segment(0xDA, bytes((len(sampling),)) + b"".join(selected) + b"\0\x3f\0"),
        _scan(blocks, sampling, (down, across), restart, tables),
        b"\xff\xd9",
    ]  # fmt: skip
    return b"".join(parts)


def _standard_tables() -> dict[int, bytes]:
    """Those of Annex K, which Pillow writes unless told to find better ones."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG")
    data, tables, at = file.getvalue(), {}, 2
    while data[at + 1] != 0xDA:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        payload = data[at + 4 : at + 2 + length]
        while data[at + 1] == 0xC4 and payload:
            size = 17 + sum(payload[1:17])
            tables[payload[0]], payload = payload[1:size], payload[size:]
        at += 2 + length
    return tables


def _codes(table: bytes) -> Codes:
    """Symbol → code and its length (Annex C)."""
    codes: Codes = {}
    code, symbols = 0, iter(table[16:])
    for length in range(1, 17):
        for _ in range(table[length - 1]):
            codes[next(symbols)] = (code, length)
            code += 1
        code <<= 1
    return codes


def _blocks(plane: Rgb, own: Sampling, most: Sampling, units: Sampling) -> np.ndarray:
    """Quantised coefficients in zigzag order, by row and column of blocks."""
    height, width = plane.shape
    size = (-(-width * own[0] // most[0]), -(-height * own[1] // most[1]))
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    rows, columns = units[0] * own[1], units[1] * own[0]
    padding = ((0, 8 * rows - size[1]), (0, 8 * columns - size[0]))
    padded = np.pad(small, padding, mode="edge").astype(np.float64) - 128
    tiles = padded.reshape(rows, 8, columns, 8).swapaxes(1, 2)
    coefficients = _COSINES @ tiles @ _COSINES.T / _QUANTUM
    ordered = np.rint(coefficients).astype(int).reshape(rows, columns, 64)[..., _ZIGZAG]
    return np.asarray(ordered)


def _scan(
    blocks: list[np.ndarray],
    sampling: Sequence[Sampling],
    units: Sampling,
    restart: int,
    tables: dict[int, bytes],
) -> bytes:
    codes = [(_codes(tables[1 if n else 0]), _codes(tables[0x11 if n else 0x10])) for n in range(3)]
    out, bits, before, count = bytearray(), "", [0] * len(blocks), 0
    for row in range(units[0]):
        for column in range(units[1]):
            if restart and count and count % restart == 0:
                out += _packed(bits) + bytes((0xFF, 0xD0 + (count // restart - 1) % 8))
                bits, before = "", [0] * len(blocks)
            for n, (h, v) in enumerate(sampling):
                for y in range(row * v, row * v + v):
                    for x in range(column * h, column * h + h):
                        block = blocks[n][y, x]
                        bits += "".join(_coded(block, int(block[0]) - before[n], *codes[n]))
                        before[n] = int(block[0])
            count += 1
    return bytes(out) + _packed(bits)


def _coded(block: np.ndarray, difference: int, dc: Codes, ac: Codes) -> Iterator[str]:
    """Annex F.1.2."""
    yield _number(dc, 0, difference)
    last = 0
    for index in np.flatnonzero(block[1:]) + 1:
        gap = int(index) - last - 1
        while gap > 15:
            yield _word(ac[0xF0])
            gap -= 16
        yield _number(ac, gap, int(block[index]))
        last = int(index)
    if last < 63:
        yield _word(ac[0])


def _number(codes: Codes, gap: int, value: int) -> str:
    size = abs(value).bit_length()
    low = value if value >= 0 else value + (1 << size) - 1
    return _word(codes[16 * gap + size]) + (f"{low:0{size}b}" if size else "")


def _word(code: tuple[int, int]) -> str:
    return f"{code[0]:0{code[1]}b}"


def _packed(bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big") if bits else b""
    return data.replace(b"\xff", b"\xff\0")
