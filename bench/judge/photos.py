"""The photos of the judge: where they are from, and what is ordered of each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LIST: Final = Path(__file__).with_name("photos.json")


@dataclass(frozen=True)
class JudgedPhoto:
    """kind: room or product. repository, commit, path: where the file is. sha256: of the file.
    orders: see `orders.py`."""

    name: str
    kind: str
    repository: str
    commit: str
    path: str
    licence: str
    sha256: str
    orders: tuple[str, ...]


def read_list(path: Path = LIST) -> Mapping[str, JudgedPhoto]:
    """The photos by name, in the order of the list."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    return {
        name: JudgedPhoto(name=name, **{**entry, "orders": tuple(entry["orders"])})
        for name, entry in entries.items()
    }


def present(photos: Mapping[str, JudgedPhoto], folder: Path) -> Mapping[str, JudgedPhoto]:
    """Those that lie in a folder, with the very bytes that the list names."""
    return {
        name: photo
        for name, photo in photos.items()
        if (folder / name).is_file() and digest_of((folder / name).read_bytes()) == photo.sha256
    }


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
