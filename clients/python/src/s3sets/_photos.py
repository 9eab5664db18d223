"""Photos on this machine: what may be sent, and under which name what comes back is kept."""

import filecmp
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from s3sets.errors import PhotoUnusable

MOST_BYTES = 25 * 1024 * 1024  # of a photo (contract §3.2)
LONGEST_NAME = 255  # that the API takes, and that file systems do
ENCODED = re.compile(r"filename\*\s*=\s*(?:UTF-8|utf-8)''([^;\s]+)")
QUOTED = re.compile(r'filename\s*=\s*"((?:[^"\\]|\\.)*)"')
# No name of a file: separators, control characters, and what Windows refuses.
UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


@dataclass(frozen=True, slots=True)
class Photo:
    """A file as it was when its set was begun."""

    path: Path
    size: int
    changed_ns: int

    @property
    def name(self) -> str:
        return self.path.name[:LONGEST_NAME]

    def open(self) -> BinaryIO:
        return self.path.open("rb")

    def check(self) -> None:
        """Raises PhotoUnusable when it is not the file any more that it was."""
        if look_at(self.path) != self:
            raise PhotoUnusable(f"{self.path} has changed since the set was begun.")


def look_at(path: str | PathLike[str]) -> Photo:
    """Raises PhotoUnusable of what cannot be sent; the bytes are not looked at."""
    place = Path(path).absolute()
    try:
        found = place.stat()
        with place.open("rb"):
            pass
    except OSError as error:
        raise PhotoUnusable(f"{path}: {error.strerror}.") from None
    if not place.is_file():
        raise PhotoUnusable(f"{path} is no file.")
    if not 0 < found.st_size <= MOST_BYTES:
        size = (
            "is empty"
            if not found.st_size
            else f"has {found.st_size / 2**20:.0f} MiB, of at most 25"
        )
        raise PhotoUnusable(f"{path} {size}.")
    return Photo(place, found.st_size, found.st_mtime_ns)


def look_at_all(paths: Iterable[str | PathLike[str]]) -> list[Photo]:
    """As `look_at`, and raises PhotoUnusable when there are none, or one comes twice."""
    photos = [look_at(path) for path in paths]
    if not photos:
        raise PhotoUnusable("There are no photos.")
    seen: set[Path] = set()
    for photo in photos:
        if photo.path in seen:
            raise PhotoUnusable(f"{photo.path} is named twice.")
        seen.add(photo.path)
    return photos


def file_name(headers: Mapping[str, str], otherwise: str) -> str:
    """The name that an answer says (Content-Disposition), safe to be used in any folder."""
    said = headers.get("content-disposition", "")
    encoded, quoted = ENCODED.search(said), QUOTED.search(said)
    if encoded:
        name = unquote(encoded[1])
    else:
        name = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else otherwise
    safe = UNSAFE.sub("_", name).strip(" .")
    return _shortened(safe) or otherwise


def _shortened(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    room = LONGEST_NAME - 16 - len((dot + ending).encode())
    while len(stem.encode()) > room:
        stem = stem[:-1]
    return stem + dot + ending


def settle(part: Path, wanted: Path) -> Path:
    """Gives the complete file `part` its name, or the next free one where another file has it.

    Nothing is ever overwritten; a file with the same bytes is left as it is. Returns the file.
    """
    place, number = wanted, 1
    while True:
        try:
            place.hardlink_to(part)
        except FileExistsError:
            if filecmp.cmp(part, place, shallow=False):
                break
            number += 1
            place = wanted.with_stem(f"{wanted.stem} ({number})")
            continue
        except OSError:  # a file system without links
            if place.exists():
                number += 1
                place = wanted.with_stem(f"{wanted.stem} ({number})")
                continue
            part.rename(place)
            return place
        break
    part.unlink()
    return place
