"""Photos in from the bucket, results out to it."""

import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from jobs.gpu.engine.errors import PhotoError
from jobs.storage import photo_storage

logger = logging.getLogger(__name__)

MAX_PHOTO_BYTES = 25 * 1024 * 1024
NEVER_UPLOADED = "the photo was never uploaded"
EMPTY = "the file is empty"
TOO_LARGE = "the file is larger than 25 MiB"


class TransferFailed(Exception):
    """The storage did not answer, after the client's own retries."""


def fetch_photo(key: str) -> bytes:
    """The bytes of an uploaded photo.

    The size is checked here, where the bytes are read: a presigned PUT cannot limit it. Raises
    PhotoError for an absent, empty or too large object, TransferFailed when the storage is away.
    """
    storage = photo_storage()
    try:
        answer: dict[str, Any] = storage.client.get_object(Bucket=storage.bucket_name, Key=key)
        with answer["Body"] as body:
            if answer["ContentLength"] == 0:
                raise PhotoError(EMPTY)
            if answer["ContentLength"] > MAX_PHOTO_BYTES:
                raise PhotoError(TOO_LARGE)
            data: bytes = body.read()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
            raise PhotoError(NEVER_UPLOADED) from None
        raise TransferFailed(type(error).__name__) from error
    except (BotoCoreError, OSError) as error:
        raise TransferFailed(type(error).__name__) from error
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
