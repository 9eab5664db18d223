"""An ONNX model of one layer, written byte by byte: the `onnx` package is not needed for that.

Field numbers: onnx.proto of ONNX 1.17.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

_FLOAT = 1


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(raw)) + raw


def _tensor(name: str, dims: Sequence[int], values: Sequence[float]) -> bytes:
    shape = b"".join(_number(1, dim) for dim in dims)
    raw = struct.pack(f"<{len(values)}f", *values)
    return shape + _number(2, _FLOAT) + _bytes(8, name) + _bytes(9, raw)


def _value(name: str, dims: Sequence[int | str]) -> bytes:
    shape = b"".join(
        _bytes(1, _number(1, dim) if isinstance(dim, int) else _bytes(2, dim)) for dim in dims
    )
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, _FLOAT) + _bytes(2, shape)))


def colour_classes(weights: Sequence[Sequence[float]]) -> bytes:
    """A model whose score for class c at a pixel is the dot product of weights[c] and its RGB."""
    count = len(weights)
    flat = [value for row in weights for value in row]
    node = _bytes(1, "x") + _bytes(1, "w") + _bytes(2, "y") + _bytes(4, "Conv")
    graph = (
        _bytes(1, node)
        + _bytes(2, "colours")
        + _bytes(5, _tensor("w", (count, 3, 1, 1), flat))
        + _bytes(11, _value("x", (1, 3, "h", "w")))
        + _bytes(12, _value("y", (1, count, "h", "w")))
    )
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, "") + _number(2, 13))
