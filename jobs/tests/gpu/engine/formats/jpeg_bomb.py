"""A small JPEG that keeps a decoder busy: 49 megapixels in progressive mode, of arithmetic coding
(ITU-T T.81, Annexes D and G), with all the scans that a bit at a time gives.

Every scan is needed, so that no rule about scans refuses it. In each block the last coefficient is
the only one that is not zero: a decoder has to decide for every one before it, and the coder spends
next to nothing on what is always decided alike.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache

from jobs.tests.gpu.engine.formats.jpeg_writer import segment

# Table D.3 as far as decisions go that hardly ever change: probability of the less probable one,
# next state after it and after the other, and whether they change places.
STATES = {
    0: (0x5A1D, 1, 1, True), 1: (0x2586, 14, 2, False), 2: (0x1114, 16, 3, False),
    3: (0x080B, 18, 4, False), 4: (0x03D8, 20, 5, False), 5: (0x01DA, 23, 6, False),
    6: (0x00E5, 25, 7, False), 7: (0x006F, 28, 8, False), 8: (0x0036, 30, 9, False),
    9: (0x001A, 33, 10, False), 10: (0x000D, 35, 11, False), 11: (0x0006, 9, 12, False),
    12: (0x0003, 10, 13, False), 13: (0x0001, 12, 13, False), 14: (0x5A7F, 15, 15, True),
}  # fmt: skip
FIXED = "a decision without a memory, of even chances"
SIDE = 7000
COMPONENTS = 4
TOP = 13  # the highest bit
SOF10, DQT, DRI, SOS = 0xCA, 0xDB, 0xDD, 0xDA
INTERVAL = 875  # blocks between restart markers: one row of blocks


class Coder:
    """D.1, with the code as one whole number, in which a carry runs by itself."""

    def __init__(self) -> None:
        self._states: dict[object, tuple[int, bool]] = defaultdict(lambda: (0, False))
        self._interval, self._code, self._shifts = 0x10000, 0, 0

    def decide(self, context: object, value: bool) -> None:
        index, likely = self._states[context]
        chance, after_less, after_more, exchange = STATES[index]
        self._interval -= chance
        if value != likely:
            if self._interval >= chance:
                self._code += self._interval
                self._interval = chance
            state = after_less, likely != exchange
        else:
            if self._interval >= 0x8000:
                return
            if self._interval < chance:
                self._code += self._interval
                self._interval = chance
            state = after_more, likely
        if context is not FIXED:
            self._states[context] = state
        while self._interval < 0x8000:
            self._interval <<= 1
            self._code <<= 1
            self._shifts += 1

    def end(self) -> bytes:
        """The shortest code within the interval: zeros at the end are understood."""
        code = (self._code + self._interval - 1) >> 15 << 15
        places = self._shifts + 16
        padding = -places % 8
        data = (code << padding).to_bytes((places + padding) // 8, "big")
        return data.rstrip(b"\0").replace(b"\xff", b"\xff\0")


def nothing(coder: Coder) -> None:
    """The first coefficients of all components are zero (F.1.4.1)."""
    for component in range(COMPONENTS):
        coder.decide(("difference", component), False)


def first_bits(coder: Coder) -> None:
    """A block of the first scan (G.1.3.3): it does not end before its last coefficient, of 1."""
    coder.decide("ends", False)
    for index in range(1, 63):
        coder.decide(("not zero", index), False)
    coder.decide(("not zero", 63), True)
    coder.decide(FIXED, False)  # its sign
    coder.decide(("more", 63), False)


def next_bits(coder: Coder) -> None:
    """A block of a later scan: where it ends is known by now."""
    for index in range(1, 63):
        coder.decide(("not zero", index), False)
    coder.decide(("bit", 63), False)


@cache
def progressive_bomb() -> bytes:
    """About 4 MB. Its end is damaged, and looks as if it were only filled up: it is tried twice."""
    identifiers = range(1, COMPONENTS + 1)
    sampling = b"".join(bytes((identifier, 0x11, 0)) for identifier in identifiers)
    parts = [
        b"\xff\xd8",
        segment(DQT, b"\0" + b"\1" * 64),
        segment(SOF10, struct.pack(">BHHB", 8, SIDE, SIDE, COMPONENTS) + sampling),
        segment(DRI, struct.pack(">H", INTERVAL)),
        scan(identifiers, nothing, first=0, last=0, high=0, low=0),
    ]
    for identifier in identifiers:
        parts.append(scan([identifier], first_bits, first=1, last=63, high=0, low=TOP))
        parts += [
            scan([identifier], next_bits, first=1, last=63, high=bit + 1, low=bit)
            for bit in reversed(range(TOP))
        ]
    last_row = len(row_of(next_bits))
    return b"".join(parts)[:-last_row] + b"\0\xff\xd9"


def scan(
    identifiers: Sequence[int],
    block: Callable[[Coder], None],
    *,
    first: int,
    last: int,
    high: int,
    low: int,
) -> bytes:
    """A scan of which all blocks, or groups of one block of each component, are alike."""
    header = bytes([len(identifiers)]) + b"".join(bytes((one, 0)) for one in identifiers)
    rows = -(-SIDE // 8)
    row = row_of(block)
    restarts = b"".join(row + bytes((0xFF, 0xD0 + number % 8)) for number in range(rows - 1))
    return segment(SOS, header + bytes((first, last, high << 4 | low))) + restarts + row


@cache
def row_of(block: Callable[[Coder], None]) -> bytes:
    coder = Coder()
    for _ in range(INTERVAL):
        block(coder)
    return coder.end()
