"""Static files under names that change with their content, without a build step.

WhiteNoise finds the files of the apps when the process starts; each is also served under a name
with a hash, which is what `{% static %}` writes and what browsers keep for ever. Relative addresses
within the admin's files go on working: the folder is the same.
"""

import hashlib
import os
from functools import cache
from pathlib import Path, PurePosixPath
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
        return url.endswith(PurePosixPath(hashed_name(path, path)).name)


def hashed_name(name: str, path: str) -> str:
    """`a/docs.css` → `a/docs.<hash of the file at path>.css`"""
    stem, extension = os.path.splitext(name)
    return f"{stem}.{_content_hash(path)}{extension}"


@cache
def _hashed(name: str) -> str:
    found = finders.find(name)
    if not isinstance(found, str):
        raise ValueError(f"there is no static file {name}")
    return hashed_name(name, found)


@cache
def _content_hash(path: str) -> str:
    return hashlib.blake2b(Path(path).read_bytes(), digest_size=6).hexdigest()
