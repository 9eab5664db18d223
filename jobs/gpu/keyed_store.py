"""The bucket for a worker that holds keys to it."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from jobs.gpu.reporter import Claim
from jobs.gpu.transfer import BrokenOff, TooLarge, TransferFailed
from jobs.limits import MAX_PHOTO_BYTES, TOO_LARGE_MARK
from jobs.storage.bucket import photo_storage

PIECE = 256 * 1024  # bytes


class KeyedStore:
    """See `transfer.ObjectStore`. With keys there is nothing to ask for."""

    asks: Mapping[str, Any] = {}

    def note(self, claim: Claim) -> None:
        """It brings nothing."""

    def open_masks(self, idx: int, names: Sequence[str], digest: str, stem: str = "") -> None:
        """They are open."""

    def read(self, key: str) -> bytes | None:
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
            said = {name.lower(): value for name, value in answer["Metadata"].items()}
            if answer["ContentLength"] > MAX_PHOTO_BYTES or TOO_LARGE_MARK in said.items():
                raise TooLarge
            try:
                data: bytes = body.read()
            except (BotoCoreError, OSError) as error:
                raise BrokenOff(type(error).__name__) from error
        return data

    def read_into(self, key: str, target: BinaryIO) -> bool:
        storage = photo_storage()
        try:
            answer: dict[str, Any] = storage.client.get_object(Bucket=storage.bucket_name, Key=key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
                return False
            raise TransferFailed(type(error).__name__) from error
        except BotoCoreError as error:
            raise TransferFailed(type(error).__name__) from error
        with closing(answer["Body"]) as body:
            try:
                for piece in body.iter_chunks(PIECE):
                    target.write(piece)
            except (BotoCoreError, OSError) as error:
                raise BrokenOff(type(error).__name__) from error
        return True

    def write(self, key: str, data: bytes | BinaryIO, content_type: str) -> None:
        storage = photo_storage()
        try:
            storage.client.put_object(
                Bucket=storage.bucket_name, Key=key, Body=data, ContentType=content_type
            )
        except (BotoCoreError, ClientError) as error:
            raise TransferFailed(type(error).__name__) from error
