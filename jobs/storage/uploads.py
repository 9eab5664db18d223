"""Where clients PUT their photos, and what came of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from jobs.limits import MAX_PHOTO_BYTES
from jobs.storage.bucket import presign_uploads


@dataclass(frozen=True)
class Upload:
    """Where a client PUTs one photo."""

    idx: int
    url: str
    key: str


class UploadProblem(StrEnum):
    ABSENT = "absent"
    EMPTY = "empty"
    TOO_LARGE = "too_large"


def sign_uploads(
    photos: Iterable[tuple[int, str, int | None]], *, at: datetime | None = None
) -> list[Upload]:
    """Upload URLs for photos, each by its idx, its key and the bytes it was declared to have:
    nothing else fits then. Valid from `at` or else now. Raises StorageUnavailable.
    """
    rows = list(photos)
    urls = presign_uploads([(key, declared) for _, key, declared in rows], at=at)
    return [Upload(idx, url, key) for (idx, key, _), url in zip(rows, urls, strict=True)]


def problem_of(size: int | None) -> UploadProblem | None:
    """What is wrong with an upload of so many bytes; None for a size means there is none."""
    if size is None:
        return UploadProblem.ABSENT
    if size == 0:
        return UploadProblem.EMPTY
    return UploadProblem.TOO_LARGE if size > MAX_PHOTO_BYTES else None
