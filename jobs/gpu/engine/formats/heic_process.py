"""The program that decodes one HEIC file, from standard input to standard output.

It is run by `heic.py` as a process of its own, on nothing of ours. It writes a line of JSON, then
the embedded profile, then the pixels as rows of RGB or RGBA.
"""

import io
import json
import resource
import sys
import warnings
from typing import Final

import pi_heif
from PIL import Image, UnidentifiedImageError

_ORIENTATION_TAG: Final = 0x0112
# 50 megapixels of RGBA, the planes they are made from, and the libraries, with room to spare.
_MOST_MEMORY: Final = 3 * 2**30
_MOST_SECONDS: Final = 60


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS, _MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    pi_heif.register_heif_opener(decode_threads=1)
    try:
        _decode(sys.stdin.buffer.read(), most_pixels=int(sys.argv[1]))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        _refuse("too large")
    except UnidentifiedImageError:
        _refuse("not an image")


def _decode(data: bytes, *, most_pixels: int) -> None:
    with Image.open(io.BytesIO(data), formats=("HEIF",)) as image:
        if image.width * image.height > most_pixels:
            _refuse("too large")
            return
        frames = getattr(image, "n_frames", 1)
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
        profile = image.info.get("icc_profile") or b""
        named = image.info.get("nclx_profile") or {}
        image.load()
        transparent = image.has_transparency_data
        # Gray of 10 or 12 bits comes in 16: a plain conversion clips it to white.
        wide = image.mode.startswith("I;16")
        scaled = image.point(lambda level: level * (1 / 256)).convert("L") if wide else image
        pixels = scaled.convert("RGBA" if transparent else "RGB")
    header = {
        "refused": None,
        "height": pixels.height,
        "width": pixels.width,
        "channels": 4 if transparent else 3,
        "profile": len(profile),
        "primaries": named.get("color_primaries", 0),
        "transfer": named.get("transfer_characteristics", 0),
        "orientation": orientation if isinstance(orientation, int) else 1,
        "frames": frames,
    }
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\n" + profile)
    sys.stdout.buffer.write(pixels.tobytes())


def _refuse(why: str) -> None:
    sys.stdout.buffer.write(json.dumps({"refused": why}).encode() + b"\n")


if __name__ == "__main__":
    main()
