"""What the endpoints of a job answer, and how it is made."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, NotRequired, TypedDict, cast

from django.conf import settings

from jobs.advice import Advice
from jobs.api.advice_shapes import WarningOut, Warnings, warnings_out
from jobs.api.edits import Concepts, Protect
from jobs.api.instance_shapes import InstancesOut
from jobs.api.job_requests import Metadata
from jobs.api.package_shapes import PackageOut, package_out
from jobs.api.terms import (
    MAX_ITEMS,
    MAX_WARNING_LENGTH,
    MAX_WARNINGS,
    Idx,
    PresetId,
    ProgressOut,
    progress_out,
)
from jobs.lifecycle.line import Place
from jobs.lifecycle.selectors import CANCELED_ITEM, ItemView, JobView
from jobs.lifecycle.settlement import Settlement
from jobs.models import JobCoordinator
from jobs.states import ItemStatus, JobState
from jobs.storage.uploads import Upload, UploadProblem
from jobs.tickets import LIFETIME, Ticket
from s3project import ids
from s3project.api.envelope import Timestamp, timestamp
from s3project.ids import JobId, RuleId
from s3project.schema import Schema
from users.credentials import Credential

_BUCKET = "https://photos.example.com/s3-images"
_SET = "u_019ba9c9f1007dc68da4e43c5704bb19/job_019ba9c9f1007dc68da4e43c570d4b19"
_SIGNED = "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=3600&X-Amz-Signature=5d1c"


def _url(path: str, description: str = "") -> Schema:
    return Schema(description, format="uri", example=f"{_BUCKET}/{path}{_SIGNED}")


# --- Creating --------------------------------------------------------------------------------


class UploadOut(TypedDict):
    idx: Idx
    url: Annotated[
        str, _url(f"inputs/{_SET}/0.jpg", "PUT the photo's bytes here, without a token.")
    ]
    key: Annotated[
        str,
        Schema(
            pattern=r"^inputs/u_[0-9a-f]{32}/job_[0-9a-f]{32}/\d+\.jpg$",
            example=f"inputs/{_SET}/0.jpg",
        ),
    ]


def uploads_out(uploads: Sequence[Upload]) -> list[UploadOut]:
    return [{"idx": upload.idx, "url": upload.url, "key": upload.key} for upload in uploads]


def source_out(job: JobCoordinator) -> str | None:
    """The job that this one looks at again."""
    return None if job.source_job_id is None else ids.public_id(ids.JOB, job.source_job_id)


class CreatedJobOut(TypedDict):
    job_id: JobId
    status: Annotated[JobState, Schema(example="created")]
    preset: PresetId
    total_items: Annotated[int, Schema(minimum=1, maximum=MAX_ITEMS)]
    source_job_id: Annotated[JobId | None, Schema(example=None)]
    upload: Annotated[list[UploadOut], Schema("Empty where there is nothing to upload.")]
    confirm_url: Annotated[
        str | None,
        Schema(
            "A path; null where the job is `uploaded` already.",
            pattern="^/jobs/job_[0-9a-f]{32}/",
            example="/jobs/job_019ba9c9f1007dc68da4e43c570d4b19/confirm-upload",
        ),
    ]
    expires_in: Annotated[
        int, Schema("Seconds that the upload URLs last.", minimum=1, example=3600)
    ]
    warnings: NotRequired[
        Annotated[
            list[WarningOut],
            Schema("Keys that are ignored although they look like ours; absent without any."),
        ]
    ]


def created_job_out(
    job: JobCoordinator, uploads: Sequence[Upload], advice: Sequence[Advice], *, expires_in: int
) -> CreatedJobOut:
    created: CreatedJobOut = {
        "job_id": job.public_id,
        "status": job.status,
        "preset": job.preset,
        "total_items": job.total_items,
        "source_job_id": source_out(job),
        "upload": uploads_out(uploads),
        "confirm_url": f"/jobs/{job.public_id}/confirm-upload" if uploads else None,
        "expires_in": expires_in,
    }
    if advice:
        created["warnings"] = warnings_out(advice)
    return created


# --- Going on --------------------------------------------------------------------------------


class ProblemOut(TypedDict):
    idx: Idx
    problem: Annotated[
        str, Schema(enum=[problem.value for problem in UploadProblem], example="absent")
    ]


class ConfirmedJobOut(TypedDict):
    job_id: JobId
    status: Annotated[JobState, Schema(example="uploaded")]
    confirmed: Literal[True]
    missing: Annotated[list[Idx], Schema(maxItems=MAX_ITEMS, example=[])]
    problems: Annotated[list[ProblemOut], Schema(maxItems=MAX_ITEMS, example=[])]


def confirmed_job_out(
    job: JobCoordinator, problems: Mapping[int, UploadProblem]
) -> ConfirmedJobOut:
    return {
        "job_id": job.public_id,
        "status": job.status,
        "confirmed": True,
        "missing": list(problems),
        "problems": [{"idx": idx, "problem": problem.value} for idx, problem in problems.items()],
    }


class QueuedJobOut(TypedDict):
    job_id: JobId
    status: Annotated[JobState, Schema(example="queued")]
    queued: Literal[True]
    warnings: Annotated[Warnings, Schema(example=[])]


def queued_job_out(job: JobCoordinator, advice: Sequence[Advice]) -> QueuedJobOut:
    return {
        "job_id": job.public_id,
        "status": job.status,
        "queued": True,
        "warnings": warnings_out(advice),
    }


class CanceledJobOut(TypedDict):
    job_id: JobId
    status: Annotated[JobState, Schema(example="canceled")]
    canceled: Literal[True]
    refunded: Annotated[int, Schema(minimum=0, maximum=MAX_ITEMS, example=2)]
    credits: Annotated[int, Schema("The balance after it.", minimum=0, example=10)]


def canceled_job_out(job: JobCoordinator, settlement: Settlement) -> CanceledJobOut:
    return {
        "job_id": job.public_id,
        "status": job.status,
        "canceled": True,
        "refunded": settlement.refunded,
        "credits": settlement.credits,
    }


class DeletedJobOut(TypedDict):
    job_id: JobId
    deleted: Literal[True]


def deleted_job_out(job_id: JobId) -> DeletedJobOut:
    return {"job_id": job_id, "deleted": True}


# --- Reading ---------------------------------------------------------------------------------


class JobSummaryOut(TypedDict):
    job_id: JobId
    status: JobState
    preset: PresetId
    created_at: Timestamp
    progress: ProgressOut


def job_summary_out(job: JobCoordinator) -> JobSummaryOut:
    """A job in a list."""
    status, progress = job.get_status()
    return {
        "job_id": job.public_id,
        "status": status,
        "preset": job.preset,
        "created_at": timestamp(job.created_at),
        "progress": progress_out(progress),
    }


class SourceOut(TypedDict):
    job_id: JobId
    idx: Idx


class ItemOut(TypedDict):
    idx: Idx
    source: NotRequired[Annotated[SourceOut, Schema("Where its photo is from.")]]
    name: NotRequired[Annotated[str, Schema("As it was given.", example="kitchen.jpg")]]
    status: Annotated[
        str,
        Schema(
            "`canceled`: nobody had reported it when its job was canceled.",
            enum=[*ItemStatus.values, CANCELED_ITEM],
            example="done",
        ),
    ]
    error: NotRequired[Annotated[str, Schema("Why the photo failed.", minLength=1, maxLength=200)]]
    warnings: NotRequired[
        Annotated[
            list[Annotated[str, Schema(maxLength=MAX_WARNING_LENGTH)]],
            Schema(
                "What was not as asked: a concept not found, a value not known.",
                minItems=1,
                maxItems=MAX_WARNINGS,
            ),
        ]
    ]
    instances: NotRequired[InstancesOut]


def item_out(item: ItemView) -> ItemOut:
    out: ItemOut = {"idx": item.idx, "status": item.status}
    if item.source is not None:
        job_id, idx = item.source
        out["source"] = {"job_id": ids.public_id(ids.JOB, job_id), "idx": idx}
    if item.name:
        out["name"] = item.name
    if item.error:
        out["error"] = item.error
    if item.warnings:
        out["warnings"] = item.warnings
    if item.instances:
        out["instances"] = item.instances
    return out


class OutputOut(TypedDict):
    idx: Idx
    result_url: Annotated[str, _url(f"outputs/{_SET}/0_result.png")]
    preview_url: Annotated[str, _url(f"previews/{_SET}/0_thumb.jpg")]
    input_url: Annotated[str, _url(f"inputs/{_SET}/0.jpg", "The photo as it was sent.")]


class CreditsOut(TypedDict):
    reserved: Annotated[int, Schema(minimum=1, maximum=MAX_ITEMS, example=2)]
    refunded: Annotated[int | None, Schema("Null until the job ends.", minimum=0, example=None)]
    charged: Annotated[int | None, Schema("Null until the job ends.", minimum=0, example=None)]


def credits_out(job: JobCoordinator) -> CreditsOut:
    charged = job.charged_items
    return {
        "reserved": job.total_items,
        "refunded": None if charged is None else job.total_items - charged,
        "charged": charged,
    }


class JobFacts(TypedDict):
    """A job as everybody sees it who may: webhooks tell of it too."""

    job_id: JobId
    status: JobState
    preset: PresetId
    rule_id: RuleId | None
    source_job_id: Annotated[JobId | None, Schema("Whose photos these are.", example=None)]
    concepts: Annotated[Concepts, Schema("What was ordered; empty before that.")]
    protect: Protect
    output_template: Annotated[str | None, Schema(example=None)]
    metadata: Metadata
    credits: CreditsOut
    created_at: Timestamp
    finished_at: Annotated[Timestamp | None, Schema(example="2026-02-26T08:01:12.000Z")]
    expires_at: Annotated[
        Timestamp | None,
        Schema(
            "When photos and results cease to be kept; null for never.",
            example="2026-03-28T08:01:12.000Z",
        ),
    ]
    expired: Annotated[bool, Schema("They are not kept any longer.", example=False)]
    progress: ProgressOut
    items: Annotated[list[ItemOut], Schema(minItems=1, maxItems=MAX_ITEMS)]
    outputs_ready: Annotated[
        list[OutputOut], Schema("Finished photos, by idx.", maxItems=MAX_ITEMS)
    ]
    packages: Annotated[
        list[PackageOut], Schema("Sets made of the results, as they were first asked for.")
    ]
    upload: NotRequired[Annotated[list[UploadOut], Schema("While `created`: fresh upload URLs.")]]


class QueueOut(TypedDict):
    ahead: Annotated[
        int, Schema("Photos of others that are taken before its next one.", minimum=0, example=12)
    ]
    eta_seconds: Annotated[
        int | None,
        Schema(
            "Until its last photo is finished, by the pace of the last ten minutes; null when "
            "nothing was finished in them.",
            minimum=0,
            example=45,
        ),
    ]


class WatchedFacts(JobFacts):
    """With what changes although nothing happens to the job."""

    queue: NotRequired[
        Annotated[QueueOut, Schema("While in work; some seconds old, and the time is in steps.")]
    ]


class JobOut(WatchedFacts):
    events_url: Annotated[
        str,
        Schema(
            "A path: `text/event-stream` of what changes. It needs no header for 45 to 60 minutes.",
            pattern="^/jobs/job_[0-9a-f]{32}/events[?]ticket=et_",
            example="/jobs/job_019ba9c9f1007dc68da4e43c570d4b19/events?ticket=et_AZupyfEAfcaNp",
        ),
    ]


def job_facts(view: JobView) -> JobFacts:
    job = view.job
    out: JobFacts = {
        "job_id": job.public_id,
        "status": job.status,
        "preset": job.preset,
        "rule_id": ids.public_id(ids.RULE, job.rule_id) if job.rule_id else None,
        "source_job_id": source_out(job),
        "concepts": job.concepts,
        "protect": job.protect,
        "output_template": job.output_template,
        "metadata": job.metadata,
        "credits": credits_out(job),
        "created_at": timestamp(job.created_at),
        "finished_at": timestamp(job.finished_at) if job.finished_at else None,
        "expires_at": timestamp(view.expires_at) if view.expires_at else None,
        "expired": view.expired,
        "progress": progress_out(job.progress),
        "items": [item_out(item) for item in view.items],
        "outputs_ready": [
            {
                "idx": output.idx,
                "result_url": output.result_url,
                "preview_url": output.preview_url,
                "input_url": output.input_url,
            }
            for output in view.outputs
        ],
        "packages": [package_out(job.preset, package) for package in view.packages],
    }
    if view.uploads is not None:
        out["upload"] = uploads_out(view.uploads)
    return out


def watched_facts(view: JobView, place: Place | None) -> WatchedFacts:
    """`place` of a job in work."""
    facts = cast(WatchedFacts, job_facts(view))
    if place is not None and view.job.is_in_work:
        facts["queue"] = queue_out(place)
    return facts


def queue_out(place: Place) -> QueueOut:
    return {"ahead": place.ahead, "eta_seconds": place.eta_seconds}


def job_out(facts: WatchedFacts, view: JobView, watcher: Credential) -> JobOut:
    """`facts` are what `watched_facts` says of the view."""
    return {**facts, "events_url": events_url(view, watcher)}


def events_url(view: JobView, watcher: Credential) -> str:
    """The same text for as long as the view's other URLs."""
    ticket = Ticket(
        job_id=view.job.id,
        user_id=watcher.user_id,
        session_id=watcher.session_id,
        key_id=watcher.key_id,
        expires_at=int(view.signed_at.timestamp()) + LIFETIME,
    )
    text = ticket.to_text(settings.TICKET_KEYS)
    return f"/jobs/{view.job.public_id}/events?ticket={text}"
