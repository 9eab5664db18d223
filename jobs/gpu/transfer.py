"""Photos in from the bucket, results out to it."""

import logging
import threading
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from jobs.gpu.engine.errors import PhotoError
from jobs.storage import photo_storage

logger = logging.getLogger(__name__)

_client_lock = threading.Lock()

MAX_PHOTO_BYTES = 25 * 1024 * 1024
NEVER_UPLOADED = "the photo was never uploaded"
EMPTY = "the file is empty"
TOO_LARGE = "the file is larger than 25 MiB"


class TransferFailed(Exception):
    """The storage did not answer, after the client's own retries."""


def _bucket() -> tuple[Any, str]:
    """The boto3 client of this process, which threads may share, and the bucket's name.

    django-storages would make one for each new thread, at 0.1 s a time.
    """
    with _client_lock:
        return _client(), photo_storage().bucket_name


@cache
def _client() -> Any:
    return photo_storage().client


def fetch_photo(key: str) -> bytes:
    """The bytes of an uploaded photo.

    The size is checked here, where the bytes are read: a presigned PUT cannot limit it. Raises
    PhotoError for an absent, empty or too large object, TransferFailed when the storage is away.
    """
    client, bucket = _bucket()
    try:
        answer: dict[str, Any] = client.get_object(Bucket=bucket, Key=key)
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


def fetch_mask(key: str) -> bytes | None:
    """The bytes of a mask or its description, None when there are none. Raises TransferFailed."""
    client, bucket = _bucket()
    try:
        answer: dict[str, Any] = client.get_object(Bucket=bucket, Key=key)
        with answer["Body"] as body:
            data: bytes = body.read(MAX_PHOTO_BYTES)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
            return None
        raise TransferFailed(type(error).__name__) from error
    except (BotoCoreError, OSError) as error:
        raise TransferFailed(type(error).__name__) from error
    return data


def store_result(key: str, data: bytes, content_type: str) -> None:
    """Raises TransferFailed when the storage is away."""
    client, bucket = _bucket()
    try:
        client.put_object(Bucket=bucket, Key=key, Body=data, ContentType=content_type)
    except (BotoCoreError, ClientError) as error:
        raise TransferFailed(type(error).__name__) from error
