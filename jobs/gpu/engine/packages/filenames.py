"""Names of files that every system can unpack."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

# What Windows, macOS or a shell takes amiss in a name.
UNFIT: Final = re.compile(r'[<>:"/\\|?*]')
DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|\Z)", re.IGNORECASE)
PHOTO_ENDING: Final = re.compile(r"\.(?:jpe?g|png|webp|heic|heif|avif)\Z", re.IGNORECASE)
LONGEST: Final = 120  # bytes of UTF-8; systems allow 255 with the folder's own additions


def plain_stem(name: str) -> str:
    """A client's name of a photo as the stem of a file name; empty if nothing of it is fit.

    The last part of a path, composed (NFC), without the ending of a photo, without control and
    direction characters.
    """
    composed = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    visible = "".join(
        " " if unicodedata.category(c) in ("Zs", "Zl", "Zp") else c
        for c in composed
        if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Cn", "Co")
    )
    stem = UNFIT.sub("_", PHOTO_ENDING.sub("", " ".join(visible.split())))
    stem = stem.encode()[:LONGEST].decode(errors="ignore").strip(" .")
    return f"_{stem}" if DEVICES.match(stem) else stem


def plain_stems(names: Iterable[tuple[int, str]], taken: Iterable[str] = ()) -> list[str]:
    """The stems for (idx, name), in order and all different, also where case does not count.

    What has no name is `photo-<idx>`; what is named like one before it, or like what is `taken`,
    gets a number.
    """
    used = {name.casefold() for name in taken}
    stems: list[str] = []
    for idx, name in names:
        first = stem = plain_stem(name) or f"photo-{idx}"
        number = 1
        while stem.casefold() in used:
            number += 1
            stem = f"{first}-{number}"
        used.add(stem.casefold())
        stems.append(stem)
    return stems
