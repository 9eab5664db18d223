"""Objects of the storage to files, and back: for small installations, and for moving one. A large
bucket is replicated by the storage itself."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from s3project.backup.manifest import BadBackup, StoredObject
from s3project.bucket import storage_client

FOLDER = "objects"


def client() -> Any:
    return storage_client(
        settings.STORAGE_S3_ENDPOINT,
        settings.STORAGE_ACCESS_KEY,
        settings.STORAGE_SECRET_KEY,
        settings.STORAGE_REGION,
    )


def fetch_objects(folder: Path, prefixes: Iterable[str]) -> dict[str, StoredObject]:
    """What lies below the prefixes, each now a file below `folder`.

    To be called after the rows were copied: what is made meanwhile is an orphan in the backup,
    and no row of it misses its object.
    """
    storage = client()
    found: dict[str, StoredObject] = {}
    for prefix in prefixes:
        for key in _listed(storage, prefix):
            path = _place(folder, key)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                answer = storage.get_object(Bucket=settings.STORAGE_BUCKET, Key=key)
            except storage.exceptions.NoSuchKey:
                continue  # deleted since the listing
            with open(path, "wb") as file:
                shutil.copyfileobj(answer["Body"], file)
            size = path.stat().st_size
            found[key] = StoredObject(size, answer["ContentType"], answer["Metadata"])
    return found


def put_objects(folder: Path, objects: Mapping[str, StoredObject]) -> None:
    """Raises BadBackup where one is not what was fetched."""
    storage = client()
    for key, stored in objects.items():
        path = _place(folder, key)
        if not path.is_file() or path.stat().st_size != stored.bytes:
            raise BadBackup(f"the object {key} is not what was fetched")
        with open(path, "rb") as file:
            storage.put_object(
                Bucket=settings.STORAGE_BUCKET,
                Key=key,
                Body=file,
                ContentType=stored.type,
                Metadata=stored.metadata,
            )


def _listed(storage: Any, prefix: str) -> Iterator[str]:
    pages = storage.get_paginator("list_objects_v2").paginate(
        Bucket=settings.STORAGE_BUCKET, Prefix=prefix
    )
    for page in pages:
        for entry in page.get("Contents", ()):
            yield entry["Key"]


def _place(folder: Path, key: str) -> Path:
    """Raises BadBackup for a key that would leave the folder."""
    home = (folder / FOLDER).resolve()
    path = (home / key).resolve()
    if not path.is_relative_to(home) or path == home:
        raise BadBackup(f"{key!r} is no key of ours")
    return path
