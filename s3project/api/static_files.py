"""Static files under names that change with their content, without a build step.

WhiteNoise finds the files of the apps when the process starts; each is also served under a name
with a hash, which is what `{% static %}` writes and what browsers keep for ever. Relative addresses
within the admin's files go on working: the folder is the same. Those within one of HASHED_FOLDERS
do too, although all of its files are named anew when one changes: there the hash, of all that is in
it, is a folder.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from whitenoise.middleware import WhiteNoiseMiddleware


class HashedNames(StaticFilesStorage):
    """Storage of STORAGES["staticfiles"]: `docs.css` is at `docs.3f8a01c2d4e5.css`."""

    def url(self, name: str | None) -> str:
        """Under DEBUG the plain name, since files are edited. Raises ValueError for a file that no
        app has."""
        return super().url(name if settings.DEBUG else _hashed(name or ""))


class HashedFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]  # it ships no types
    """Knows every file by both of its names."""

    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Any = None) -> None:
        super().add_file_to_dictionary(url, path, stat_cache=stat_cache)
        super().add_file_to_dictionary(hashed_name(url, path), path, stat_cache=stat_cache)

    def immutable_file_test(self, path: str, url: str) -> bool:
        return url.endswith(f"/{_ends(path)[1]}")


def hashed_name(name: str, path: str) -> str:
    """`a/docs.css` → `a/docs.<hash of the file at path>.css`, and in one of HASHED_FOLDERS
    `studio/views/app.js` → `studio/<hash of the folder>/views/app.js`"""
    plain, hashed = _ends(path)
    return name.removesuffix(plain) + hashed


@cache
def _hashed(name: str) -> str:
    found = finders.find(name)
    if not isinstance(found, str):
        raise ValueError(f"there is no static file {name}")
    return hashed_name(name, found)


@cache
def _ends(path: str) -> tuple[str, str]:
    """What the address of the file at `path` ends with: plain, and with the hash."""
    file = Path(path)
    for folder in map(_folder, settings.HASHED_FOLDERS):
        if file.is_relative_to(folder):
            within = file.relative_to(folder).as_posix()
            return within, f"{_hash_of_folder(folder)}/{within}"
    return file.name, f"{file.stem}.{_hash(file.read_bytes())}{file.suffix}"


@cache
def _folder(name: str) -> Path:
    found = finders.find(name)
    if not isinstance(found, str):
        raise ValueError(f"there is no static folder {name}")
    return Path(found)


@cache
def _hash_of_folder(folder: Path) -> str:
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    parts = (
        b"%s\0%s"
        % (
            _hash(str(each.relative_to(folder)).encode()).encode(),
            _hash(each.read_bytes()).encode(),
        )
        for each in files
    )
    return _hash(b"\n".join(parts))


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=6).hexdigest()
