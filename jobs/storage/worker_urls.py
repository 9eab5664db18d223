"""What a worker without keys may read and write: URLs for the items that it was granted, which
end with its lease (contract §4.4).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings

from jobs import keys
from jobs.storage.bucket import presigner


@dataclass(frozen=True)
class AskedPhoto:
    """A photo that the worker has read: its SHA-256, and the item whose masks it was told are of
    the same photo, if any.
    """

    digest: str
    masks_in: tuple[UUID, int] | None = None


@dataclass(frozen=True)
class AskedUrls:
    """What is asked for besides photos and results: masks by name, for all items or, where photos
    are told of, for those.
    """

    names: Sequence[str] = ()
    photos: Mapping[int, AskedPhoto] | None = None


@dataclass(frozen=True)
class MaskUrls:
    """`put` is None for what may only be read."""

    key: str
    get: str
    put: str | None


@dataclass(frozen=True)
class ItemUrls:
    idx: int
    input: str
    output: str
    preview: str
    masks: list[MaskUrls]


def sign_worker_urls(
    user_id: UUID, job_id: UUID, photos: Mapping[int, str], asked: AskedUrls, *, lease: timedelta
) -> list[ItemUrls]:
    """URLs for the granted items of a job, given by idx with where their photos are.

    Of a user only: whatever the worker says, no key of another user comes of it. Raises
    StorageUnavailable.
    """
    signer = presigner(settings.STORAGE_WORKER_ENDPOINT)
    at, seconds = datetime.now(UTC), int(lease.total_seconds())

    def gets(wanted: Iterable[str]) -> list[str]:
        return list(signer.gets(((key, "") for key in wanted), at=at, expires_in=seconds))

    def puts(wanted: Iterable[str]) -> list[str]:
        return list(signer.puts(((key, None) for key in wanted), at=at, expires_in=seconds))

    signed = []
    for idx, input_key in photos.items():
        own, foreign = _mask_keys(user_id, job_id, idx, asked)
        results = [keys.output_key(user_id, job_id, idx), keys.preview_key(user_id, job_id, idx)]
        input_url, *readable = gets([input_key, *own, *foreign])
        output, preview, *writable = puts([*results, *own])
        masks = [
            MaskUrls(key, get, put)
            for key, get, put in zip(
                [*own, *foreign], readable, [*writable, *[None] * len(foreign)], strict=True
            )
        ]
        signed.append(ItemUrls(idx, input_url, output, preview, masks))
    return signed


@dataclass(frozen=True)
class PackageUrls:
    """Photos by idx, of which `output` and `preview` are read; archive and board are written."""

    photos: list[ItemUrls]
    archive: str
    board: str


def sign_package_urls(
    user_id: UUID,
    job_id: UUID,
    name: tuple[str, int],
    photos: Mapping[int, tuple[str, str, str]],
    asked: AskedUrls,
    *,
    lease: timedelta,
) -> PackageUrls:
    """URLs for a package, given by template and edition, and for photos of its job, given by idx
    with where they, their results and their previews are. Raises StorageUnavailable.
    """
    signer = presigner(settings.STORAGE_WORKER_ENDPOINT)
    at, seconds = datetime.now(UTC), int(lease.total_seconds())
    signed = []
    for idx, found in photos.items():
        own, foreign = _mask_keys(user_id, job_id, idx, asked)
        wanted = ((key, "") for key in (*found, *own, *foreign))
        source, output, preview, *readable = signer.gets(wanted, at=at, expires_in=seconds)
        writable = signer.puts(((key, None) for key in own), at=at, expires_in=seconds)
        masks = [
            MaskUrls(key, get, put)
            for key, get, put in zip(
                [*own, *foreign], readable, [*writable, *[None] * len(foreign)], strict=True
            )
        ]
        signed.append(ItemUrls(idx, source, output, preview, masks))
    made = (keys.package_key(user_id, job_id, *name), keys.board_key(user_id, job_id, *name))
    archive, board = signer.puts(((key, None) for key in made), at=at, expires_in=seconds)
    return PackageUrls(signed, archive, board)


def _mask_keys(
    user_id: UUID, job_id: UUID, idx: int, asked: AskedUrls
) -> tuple[list[str], list[str]]:
    """What an item may read and write, and what it may only read."""
    photo = (asked.photos or {}).get(idx)
    if photo is None and (asked.photos or not asked.names):
        return [], []
    stem = keys.mask_stem(user_id, job_id, idx)
    own = _keys_at(stem, asked.names)
    if photo is None:
        return own, []
    own.append(keys.by_photo_key(user_id, photo.digest))
    if photo.masks_in in (None, (job_id, idx)):
        return own, []
    other_job, other_idx = photo.masks_in or (job_id, idx)
    return own, _keys_at(keys.mask_stem(user_id, other_job, other_idx), asked.names)


def _keys_at(stem: str, names: Sequence[str]) -> list[str]:
    return [keys.instances_key(stem), *(keys.mask_key(stem, name) for name in names)]
