"""Photos in from the bucket, results out to it, whichever way this worker has to it."""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Protocol

from jobs.gpu.engine.errors import PhotoError
from jobs.gpu.reporter import Claim
from jobs.limits import MAX_PHOTO_SIZE_TEXT

logger = logging.getLogger(__name__)

# Seconds before a photo whose bytes broke off is read again.
BACKOFF = (0.5, 1, 2)

NEVER_UPLOADED = "the photo was never uploaded"
EMPTY = "the file is empty"
TOO_LARGE = f"the file is larger than {MAX_PHOTO_SIZE_TEXT}"


class TransferFailed(Exception):
    """The storage did not answer, after a few tries."""


class BrokenOff(TransferFailed):
    """The storage began to answer and did not end."""


class TooLarge(TransferFailed):
    """The object is larger than any photo may be and was not read, or was when it was discarded."""


class NotOurs(TransferFailed):
    """The item is no longer ours, and with it went the right to its objects."""


class ServerAway(TransferFailed):
    """The server gave no URLs that could be used; that says nothing of the photo."""


class ObjectStore(Protocol):
    """A worker's way to the objects of one chunk.

    There are two: with keys to the bucket, and with URLs that the server hands out with a claim.
    """

    # What a claim asks the server for, besides the items.
    asks: Mapping[str, Any]

    def note(self, claim: Claim) -> None:
        """Take what a claim brought."""
        ...

    def open_masks(self, idx: int, names: Sequence[str], digest: str, stem: str = "") -> None:
        """Prepare to read and write these masks of an item, and what is known of its photo, which
        has this SHA-256; with `stem`, to read those of another item as well. Raises
        TransferFailed.
        """
        ...

    def read(self, key: str) -> bytes | None:
        """The bytes of an object, None where there is none.

        Raises TooLarge for one that is larger than a photo may be, BrokenOff when the bytes broke
        off, and TransferFailed when the storage is away.
        """
        ...

    def read_into(self, key: str, target: BinaryIO) -> bool:
        """Writes a result's bytes to a file, however many; False where there is none. Raises
        TransferFailed as `read`; then the file may hold some of them.
        """
        ...

    def write(self, key: str, data: bytes | BinaryIO, content_type: str) -> None:
        """Of a file all of it. Raises TransferFailed when the storage is away."""
        ...


def fetch_photo(store: ObjectStore, key: str) -> bytes:
    """The bytes of an uploaded photo.

    The size is checked where the bytes are read: a presigned PUT cannot limit it. Raises
    PhotoError for an absent, empty or too large object, TransferFailed when the storage is away.
    """
    try:
        data = fetch(store, key)
    except TooLarge:
        raise PhotoError(TOO_LARGE) from None
    if data is None:
        raise PhotoError(NEVER_UPLOADED)
    if not data:
        raise PhotoError(EMPTY)
    return data


def fetch_into(store: ObjectStore, key: str, target: BinaryIO) -> bool:
    """As `ObjectStore.read_into`, from the file's beginning; what breaks off is read again."""
    for wait in (*BACKOFF, None):
        target.seek(0)
        target.truncate()
        try:
            return store.read_into(key, target)
        except BrokenOff as error:
            if wait is None:
                raise
            logger.warning("%s broke off (%s), reading it again", key, error)
            time.sleep(wait)
    raise AssertionError("the last try returns or raises")


def fetch(store: ObjectStore, key: str) -> bytes | None:
    """As `ObjectStore.read`; what breaks off is read again."""
    # A store repeats requests that get no answer, but not one whose answer breaks off.
    for wait in BACKOFF:
        try:
            return store.read(key)
        except BrokenOff as error:
            logger.warning("%s broke off (%s), reading it again", key, error)
            time.sleep(wait)
    return store.read(key)
