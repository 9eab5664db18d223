"""What a worker is answered (contract §4)."""

from collections.abc import Iterable, Sequence
from typing import Annotated, NotRequired, TypedDict

from jobs.api.terms import MAX_ITEMS, Idx, ProgressOut, progress_out
from jobs.models import JobCoordinator, PackageEffect, ResultEffect
from jobs.states import JobState
from jobs.storage.worker_urls import ItemUrls, PackageUrls
from s3project.schema import Schema


class ItemResultOut(TypedDict):
    processed: bool
    duplicate: Annotated[bool, Schema(example=False)]
    job_status: JobState
    progress: ProgressOut


def item_result_out(job: JobCoordinator, effect: ResultEffect) -> ItemResultOut:
    status, progress = job.get_status()
    return {
        "processed": effect.processed,
        "duplicate": effect.duplicate,
        "job_status": status,
        "progress": progress_out(progress),
    }


class MaskUrlsOut(TypedDict):
    key: str
    get: str
    put: Annotated[str | None, Schema("Null for what may only be read.")]


class ItemUrlsOut(TypedDict):
    idx: Idx
    input: Annotated[str, Schema("GET")]
    output: Annotated[str, Schema("PUT")]
    preview: Annotated[str, Schema("PUT")]
    masks: Annotated[list[MaskUrlsOut], Schema("Those asked for, and what is known of them.")]


class PackedPhotoUrlsOut(TypedDict):
    idx: Idx
    input: Annotated[str, Schema("GET")]
    output: Annotated[str, Schema("GET")]
    preview: Annotated[str, Schema("GET")]
    masks: Annotated[list[MaskUrlsOut], Schema("Those asked for, and what is known of them.")]


class ClaimOut(TypedDict):
    granted: Annotated[list[Idx], Schema(maxItems=MAX_ITEMS)]
    job_status: Annotated[JobState, Schema(example="running")]
    lease_seconds: Annotated[int, Schema(minimum=1, example=120)]
    urls: NotRequired[
        Annotated[
            list[ItemUrlsOut],
            Schema(
                "Only if asked for: of each granted photo, signed for `lease_seconds`.",
                maxItems=MAX_ITEMS,
            ),
        ]
    ]


def claim_out(
    job: JobCoordinator,
    granted: Iterable[int],
    *,
    lease_seconds: int,
    urls: Sequence[ItemUrls] | None,
) -> ClaimOut:
    claim: ClaimOut = {
        "granted": list(granted),
        "job_status": job.status,
        "lease_seconds": lease_seconds,
    }
    if urls is not None:
        claim["urls"] = [item_urls_out(one) for one in urls]
    return claim


def item_urls_out(urls: ItemUrls) -> ItemUrlsOut:
    return {
        "idx": urls.idx,
        "input": urls.input,
        "output": urls.output,
        "preview": urls.preview,
        "masks": [{"key": one.key, "get": one.get, "put": one.put} for one in urls.masks],
    }


class PackageResultOut(TypedDict):
    processed: bool
    duplicate: Annotated[bool, Schema(example=False)]
    job_status: JobState


def package_result_out(job: JobCoordinator, effect: PackageEffect) -> PackageResultOut:
    return {
        "processed": effect.processed,
        "duplicate": effect.duplicate,
        "job_status": job.status,
    }


class PackageUrlsOut(TypedDict):
    photos: Annotated[
        list[PackedPhotoUrlsOut], Schema("Of those asked for that are done.", maxItems=MAX_ITEMS)
    ]
    archive: Annotated[str, Schema("PUT")]
    board: Annotated[str, Schema("PUT")]


class PackageClaimOut(TypedDict):
    granted: bool
    job_status: Annotated[JobState, Schema(example="done")]
    lease_seconds: Annotated[int, Schema(minimum=1, example=120)]
    urls: NotRequired[
        Annotated[PackageUrlsOut, Schema("Only if asked for, signed for `lease_seconds`.")]
    ]


def package_claim_out(
    job: JobCoordinator, granted: bool, *, lease_seconds: int, urls: PackageUrls | None
) -> PackageClaimOut:
    claim: PackageClaimOut = {
        "granted": granted,
        "job_status": job.status,
        "lease_seconds": lease_seconds,
    }
    if urls is not None:
        claim["urls"] = {
            "photos": [item_urls_out(one) for one in urls.photos],
            "archive": urls.archive,
            "board": urls.board,
        }
    return claim
