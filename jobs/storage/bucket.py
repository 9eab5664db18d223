"""The bucket of photos: django-storages' S3 backend, and the URLs handed to clients."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.storage import storages
from storages.backends.s3 import S3Storage

from jobs.storage.listing import list_page
from jobs.storage.presign import Presigner, rounded
from s3project.errors import Unavailable

MAX_KEYS_PER_DELETE = 1000  # the S3 protocol's limit of DeleteObjects

# django-storages makes a client for each thread, at 0.1 s a time; boto3's clients are safe to
# share between threads, and only making one is not.
_client_lock = threading.Lock()


class StorageUnavailable(Unavailable):
    message = "The object storage is briefly unavailable. Try again."


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turns what boto3 raises into StorageUnavailable."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StorageUnavailable from error


class PhotoStorage(S3Storage):  # type: ignore[misc]  # django-storages ships no types
    """One bucket, path style, Signature V4; the same code for SeaweedFS, R2 and AWS."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            bucket_name=settings.STORAGE_BUCKET,
            endpoint_url=settings.STORAGE_S3_ENDPOINT,
            access_key=settings.STORAGE_ACCESS_KEY,
            secret_key=settings.STORAGE_SECRET_KEY,
            region_name=settings.STORAGE_REGION,
            file_overwrite=True,
            client_config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=3,
                # Of one try. A worker waits for its photos; a client's request that finds the
                # storage hanging is answered within about 11 s.
                read_timeout=20 if settings.GPU_WORKER else 5,
                retries={
                    # "standard" pays for repetitions from a budget that an outage uses up: for
                    # long after it, the first hiccup would fail a photo.
                    "mode": "legacy",
                    "total_max_attempts": 4 if settings.GPU_WORKER else 2,
                },
                # Only AWS understands the newer default checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
            **options,
        )
        self._client: Any = None

    @property
    def client(self) -> Any:
        """The boto3 client of this process, made by whichever thread needs it first."""
        with _client_lock:
            if self._client is None:
                self._client = self.connection.meta.client
            return self._client

    def listing(self, prefix: str, *, after: str = "") -> Iterator[dict[str, int]]:
        """Key → bytes of the objects below `prefix`, behind the key `after` where there is one; in
        pages of up to 1000.

        Raises StorageUnavailable.
        """
        endpoint, further = settings.STORAGE_S3_ENDPOINT, ""
        signer = presigner(endpoint)
        while True:
            with storage_errors():
                page = list_page(signer, endpoint, prefix, further, "" if further else after)
            yield page.sizes
            further = page.further
            if not further:
                return

    def sizes(self, prefix: str) -> dict[str, int]:
        """Key → bytes of all objects below `prefix`; one request for up to 1000 objects.

        Raises StorageUnavailable.
        """
        return {key: size for page in self.listing(prefix) for key, size in page.items()}

    def put_mark(self, key: str, name: str, value: str) -> None:
        """Puts an empty object with one word of metadata in a key's place. Raises
        StorageUnavailable.
        """
        with storage_errors():
            self.client.put_object(
                Bucket=self.bucket_name, Key=key, Body=b"", Metadata={name: value}
            )

    def delete_keys(self, keys: Sequence[str]) -> None:
        """Deletes the objects, of which some may be gone already.

        Raises StorageUnavailable, also when one of them could not be deleted.
        """
        for start in range(0, len(keys), MAX_KEYS_PER_DELETE):
            batch = [{"Key": key} for key in keys[start : start + MAX_KEYS_PER_DELETE]]
            with storage_errors():
                answer = self.client.delete_objects(
                    Bucket=self.bucket_name, Delete={"Objects": batch, "Quiet": True}
                )
            # The answer is 200 even if it says of single objects that they are still there.
            if answer.get("Errors"):
                raise StorageUnavailable

    def delete_below(self, prefixes: Iterable[str]) -> int:
        """Deletes all objects below the prefixes; returns how many there were.

        Raises StorageUnavailable, also when one of them could not be deleted.
        """
        deleted = 0
        for prefix in prefixes:
            found = list(self.sizes(prefix))
            self.delete_keys(found)
            deleted += len(found)
        return deleted


def photo_storage() -> PhotoStorage:
    storage = storages["default"]
    assert isinstance(storage, PhotoStorage)
    return storage


@cache
def presigner(endpoint: str) -> Presigner:
    """Signs for whoever reaches the bucket at `endpoint`. Raises StorageUnavailable where keys or
    address are not configured.
    """
    try:
        return Presigner(
            endpoint=endpoint,
            region=settings.STORAGE_REGION,
            bucket=settings.STORAGE_BUCKET,
            access_key=settings.STORAGE_ACCESS_KEY,
            secret_key=settings.STORAGE_SECRET_KEY,
        )
    except ValueError as error:
        raise StorageUnavailable from error


def public_origin() -> str:
    """Scheme and host of every URL that is signed for clients."""
    parts = urlsplit(settings.STORAGE_PUBLIC_ENDPOINT)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def steady_moment() -> datetime:
    """When URLs that shall stay the same for a while are signed: see presign.ROUNDING."""
    return rounded(datetime.now(UTC))


def presign_uploads(
    uploads: Iterable[tuple[str, int | None]], *, at: datetime | None = None
) -> list[str]:
    """A PUT URL for each key and the bytes it is to have (None: any number), valid from `at` or
    else now. Raises StorageUnavailable.
    """
    moment = at or datetime.now(UTC)
    signer = presigner(settings.STORAGE_PUBLIC_ENDPOINT)
    return list(signer.puts(uploads, at=moment, expires_in=settings.PRESIGNED_URL_SECONDS))


def presign_downloads(downloads: Iterable[tuple[str, str]], *, at: datetime) -> list[str]:
    """A GET URL for each key, valid from `at`, whose answer has the Content-Disposition given with
    the key. Raises StorageUnavailable.
    """
    signer = presigner(settings.STORAGE_PUBLIC_ENDPOINT)
    return list(signer.gets(downloads, at=at, expires_in=settings.PRESIGNED_URL_SECONDS))
