"""The program of a cell: decodes one file after the other until nobody asks any more.

It talks over two pipes, in lines of JSON, and passes pixels through the sheet:

    in   {"bytes": n}                    a file of n bytes lies in the sheet
    out  {"admit": pixels}               may it be decoded?
    in   {"go": true}
    out  {"photo": {...}} or {"refused": a reason} or {"broken": a trace}
"""

import sys
from pathlib import Path

# Run with -I, which finds nothing of ours.
sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

import json
import traceback
from typing import Any

from jobs.gpu.engine.cell import confinement

# Before NumPy and libvips start threads.
NETWORK_LEFT = confinement.leave_the_network()
confinement.limit_resources()

# What is not loaded by now cannot be loaded any more: an XMP packet may name any encoding.
import encodings
import importlib
import pkgutil

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms  # noqa: F401  # loaded while it can be

from jobs.gpu.engine.cell import sheet as places
from jobs.gpu.engine.cell.sheet import Sheet
from jobs.gpu.engine.errors import TOO_MUCH_MEMORY, PhotoError
from jobs.gpu.engine.formats import libvips
from jobs.gpu.engine.formats.canvas import Canvas
from jobs.gpu.engine.reading import Reading, read_photo

MOST_TRACE = 3000


class Owner:
    """Who asks, at the other end of the pipes."""

    def hear(self) -> dict[str, Any] | None:
        line = sys.stdin.buffer.readline()
        return json.loads(line) if line else None

    def tell(self, **what: Any) -> None:
        sys.stdout.buffer.write(json.dumps(what).encode() + b"\n")
        sys.stdout.buffer.flush()


class SheetCanvas(Canvas):
    """Lets the decoder write into the sheet, and the owner say when."""

    def __init__(self, sheet: Sheet, owner: Owner) -> None:
        self._sheet, self._owner = sheet, owner

    def admit(self, width: int, height: int) -> None:
        super().admit(width, height)
        self._owner.tell(admit=width * height)
        if self._owner.hear() is None:
            sys.exit()

    def rows(self, height: int, width: int, channels: int) -> NDArray[np.uint8]:
        return self._sheet.rows(0, height, width, channels)


def load_all() -> None:
    """Everything that decoders load when they first want it."""
    for module in pkgutil.iter_modules(encodings.__path__):
        if module.name not in ("mbcs", "oem"):  # of Windows
            importlib.import_module(f"encodings.{module.name}")
    Image.init()
    libvips.load()


def main() -> None:
    cv2.setNumThreads(1)
    load_all()
    sheet, owner = Sheet(int(sys.argv[1])), Owner()
    filtered = confinement.close_the_door()
    owner.tell(ready={"network left": NETWORK_LEFT, "system calls filtered": filtered})
    while (asked := owner.hear()) is not None:
        try:
            data = sheet.get(places.FILE_AT, asked["bytes"])
            reading = read_photo(data, SheetCanvas(sheet, owner))
            owner.tell(photo=handed_over(reading, sheet))
            del reading, data
        except PhotoError as error:
            owner.tell(refused=error.reason)
        except MemoryError:
            owner.tell(refused=TOO_MUCH_MEMORY)
        except Exception:
            # Broad on purpose: whatever it is, it is this file's, and the owner has the log.
            owner.tell(broken=traceback.format_exc()[-MOST_TRACE:])


def handed_over(reading: Reading, sheet: Sheet) -> dict[str, int]:
    """Put the picture on the sheet, unless it is there, and say what it is."""
    height, width, _ = reading.rgb.shape
    room = sheet.rows(0, height, width, 3)
    if not np.may_share_memory(room, reading.rgb):
        np.copyto(room, reading.rgb)
    if reading.alpha is not None:
        np.copyto(sheet.rows(places.ALPHA_AT, height, width), reading.alpha)
    profile = reading.icc_profile or b""
    sheet.put(places.PROFILE_AT, profile)
    return {
        "height": height,
        "width": width,
        "alpha": int(reading.alpha is not None),
        "profile": len(profile),
        "orientation": reading.orientation,
        "frames": reading.frames,
    }


if __name__ == "__main__":
    main()
