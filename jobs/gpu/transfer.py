"""Photos in from the bucket, results out to it."""

import logging
import time
from contextlib import closing
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from jobs.gpu.engine.errors import PhotoError
from jobs.limits import MAX_PHOTO_BYTES, MAX_PHOTO_SIZE_TEXT
from jobs.storage.bucket import photo_storage

logger = logging.getLogger(__name__)

# Seconds before a photo whose bytes broke off is read again.
BACKOFF = (0.5, 1, 2)

NEVER_UPLOADED = "the photo was never uploaded"
EMPTY = "the file is empty"
TOO_LARGE = f"the file is larger than {MAX_PHOTO_SIZE_TEXT}"


class TransferFailed(Exception):
    """The storage did not answer, after the client's own retries."""


class BrokenOff(TransferFailed):
    """The storage began to answer and did not end."""


class TooLarge(TransferFailed):
    """The object is larger than any photo may be, and was not read."""


def fetch_photo(key: str) -> bytes:
    """The bytes of an uploaded photo.

    The size is checked here, where the bytes are read: a presigned PUT cannot limit it. Raises
    PhotoError for an absent, empty or too large object, TransferFailed when the storage is away.
    """
    try:
        data = _read(key)
    except TooLarge:
        raise PhotoError(TOO_LARGE) from None
    if data is None:
        raise PhotoError(NEVER_UPLOADED)
    if not data:
        raise PhotoError(EMPTY)
    return data


def fetch_mask(key: str) -> bytes | None:
    """The bytes of a mask or its description, None when there are none. Raises TransferFailed."""
    return _read(key)


def _read(key: str) -> bytes | None:
    # The client repeats requests that get no answer, but not one whose answer breaks off.
    for wait in BACKOFF:
        try:
            return _read_once(key)
        except BrokenOff as error:
            logger.warning("%s broke off (%s), reading it again", key, error)
            time.sleep(wait)
    return _read_once(key)


def _read_once(key: str) -> bytes | None:
    storage = photo_storage()
    try:
        answer: dict[str, Any] = storage.client.get_object(Bucket=storage.bucket_name, Key=key)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
            return None
        raise TransferFailed(type(error).__name__) from error
    except BotoCoreError as error:
        raise TransferFailed(type(error).__name__) from error
    # Not `with answer["Body"]`: that gives urllib3's stream, with urllib3's errors.
    with closing(answer["Body"]) as body:
        if answer["ContentLength"] > MAX_PHOTO_BYTES:
            raise TooLarge
        try:
            data: bytes = body.read()
        except (BotoCoreError, OSError) as error:
            raise BrokenOff(type(error).__name__) from error
    return data


def store_result(key: str, data: bytes, content_type: str) -> None:
    """Raises TransferFailed when the storage is away."""
    storage = photo_storage()
    try:
        storage.client.put_object(
            Bucket=storage.bucket_name, Key=key, Body=data, ContentType=content_type
        )
    except (BotoCoreError, ClientError) as error:
        raise TransferFailed(type(error).__name__) from error
