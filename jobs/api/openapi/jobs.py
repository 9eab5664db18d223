"""The schema of the life of a job."""

from jobs.api.jobs import JobViewSet
from jobs.api.openapi.shapes import (
    EXAMPLE_CONCEPTS,
    EXAMPLE_JOB,
    EXAMPLE_RULE,
    EXAMPLE_UPLOADS,
    EXAMPLE_USER,
    IDX,
    JOB_ID,
    JOB_STATUS,
    PRESET_ID,
    PROGRESS,
    RULE_ID,
    SIGNED,
    UPLOADS,
    URL,
)
from jobs.api.shapes import MAX_WARNING_LENGTH, MAX_WARNINGS, CreateJobIn, ExecuteJobIn
from jobs.errors import AlreadyCanceled, InvalidTransition, JobNotFound, RuleNotFound
from jobs.states import ItemStatus
from s3project.openapi.operation import Operation, describe
from s3project.openapi.shapes import (
    TIMESTAMP,
    array,
    choice,
    closed,
    constant,
    nullable,
    shape,
    text,
    whole,
)
from users.errors import ConcurrencyLimit, CreditsExhausted, ItemLimit

EXAMPLE_TIME = "2026-02-26T08:00:00.000Z"
EXAMPLE_PROGRESS = {"done": 1, "failed": 0, "total": 2}
RESULTS = f"https://photos.example.com/s3-images/outputs/{EXAMPLE_USER}/{EXAMPLE_JOB}"
PREVIEWS = f"https://photos.example.com/s3-images/previews/{EXAMPLE_USER}/{EXAMPLE_JOB}"

ITEM = shape(
    "Item",
    closed(
        {"idx": IDX, "status": choice(list(ItemStatus.values))},
        optional={
            "error": text("Why the photo failed.", minLength=1, maxLength=200),
            "warnings": array(
                text(maxLength=MAX_WARNING_LENGTH),
                "What was not as asked: a concept not found, a value not known.",
                minItems=1,
                maxItems=MAX_WARNINGS,
            ),
        },
    ),
)
OUTPUT = shape("Output", closed({"idx": IDX, "result_url": URL, "preview_url": URL}))
JOB = shape(
    "Job",
    closed(
        {
            "job_id": JOB_ID,
            "status": JOB_STATUS,
            "preset": PRESET_ID,
            "rule_id": nullable(RULE_ID),
            "created_at": TIMESTAMP,
            "finished_at": nullable(TIMESTAMP),
            "expires_at": {
                **nullable(TIMESTAMP),
                "description": "When photos and results cease to be kept; null for never.",
            },
            "expired": {"type": "boolean", "description": "They are not kept any longer."},
            "progress": PROGRESS,
            "items": array(ITEM, minItems=1, maxItems=200),
            "outputs_ready": array(OUTPUT, "Finished photos, by idx.", maxItems=200),
        },
        optional={"upload": {**UPLOADS, "description": "While `created`: fresh upload URLs."}},
    ),
)

describe(
    JobViewSet,
    create=Operation(
        id="create_job",
        tag="Jobs",
        status=201,
        summary="Reserve the credits and get the upload URLs",
        description="One credit for each photo. PUT each photo to its `url`: any Content-Type, no "
        "Authorization header, at most 25 MiB and 50 megapixels; JPEG, PNG, WebP or HEIC, told by "
        "its bytes.",
        body=CreateJobIn,
        body_examples={"two rooms": {"preset": "interior", "item_count": 2}},
        idempotent=True,
        errors=[CreditsExhausted, ItemLimit, ConcurrencyLimit],
        answer="CreatedJob",
        result="The job is created and its credits are reserved.",
        data=shape(
            "CreatedJob",
            closed(
                {
                    "job_id": JOB_ID,
                    "status": JOB_STATUS,
                    "preset": PRESET_ID,
                    "total_items": whole(minimum=1, maximum=200),
                    "upload": UPLOADS,
                    "confirm_url": text("A path.", pattern="^/jobs/job_[0-9a-f]{32}/"),
                    "expires_in": whole("Seconds that the upload URLs last.", minimum=1),
                }
            ),
        ),
        example={
            "job_id": EXAMPLE_JOB,
            "status": "created",
            "preset": "interior",
            "total_items": 1,
            "upload": EXAMPLE_UPLOADS,
            "confirm_url": f"/jobs/{EXAMPLE_JOB}/confirm-upload",
            "expires_in": 3600,
        },
    ),
    list=Operation(
        id="list_jobs",
        tag="Jobs",
        summary="Your jobs, newest first",
        parameters=["status"],
        paged=True,
        answer="JobList",
        data=array(
            shape(
                "JobSummary",
                closed(
                    {
                        "job_id": JOB_ID,
                        "status": JOB_STATUS,
                        "preset": PRESET_ID,
                        "created_at": TIMESTAMP,
                        "progress": PROGRESS,
                    }
                ),
            )
        ),
        example=[
            {
                "job_id": EXAMPLE_JOB,
                "status": "running",
                "preset": "interior",
                "created_at": EXAMPLE_TIME,
                "progress": EXAMPLE_PROGRESS,
            }
        ],
    ),
    retrieve=Operation(
        id="get_job",
        tag="Jobs",
        summary="Where a job stands, and what is finished",
        description="Made to be polled every few seconds with `If-None-Match`. URLs need no "
        "header and stay the same for up to 15 minutes. A canceled job has no results.",
        conditional=True,
        errors=[JobNotFound],
        answer="Job",
        data=JOB,
        example={
            "job_id": EXAMPLE_JOB,
            "status": "running",
            "preset": "interior",
            "rule_id": None,
            "created_at": EXAMPLE_TIME,
            "finished_at": None,
            "expires_at": None,
            "expired": False,
            "progress": EXAMPLE_PROGRESS,
            "items": [{"idx": 0, "status": "done"}, {"idx": 1, "status": "pending"}],
            "outputs_ready": [
                {
                    "idx": 0,
                    "result_url": f"{RESULTS}/0_result.png{SIGNED}",
                    "preview_url": f"{PREVIEWS}/0_thumb.jpg{SIGNED}",
                }
            ],
        },
    ),
    confirm_upload=Operation(
        id="confirm_upload",
        tag="Jobs",
        summary="Say that the photos are there",
        description="`missing` lists the photos that are absent, empty or over 25 MiB. They do "
        "not block: each fails when its turn comes, and is refunded. A body is ignored.",
        idempotent=True,
        errors=[JobNotFound, InvalidTransition],
        answer="ConfirmedJob",
        data=shape(
            "ConfirmedJob",
            closed(
                {
                    "job_id": JOB_ID,
                    "status": JOB_STATUS,
                    "confirmed": constant(True),
                    "missing": array(IDX, maxItems=200),
                }
            ),
        ),
        example={
            "job_id": EXAMPLE_JOB,
            "status": "uploaded",
            "confirmed": True,
            "missing": [],
        },
    ),
    execute=Operation(
        id="execute_job",
        tag="Jobs",
        status=202,
        summary="Say what to do, and start",
        description="With `rule_id` the rule's edits are used as they are now, instead of those "
        "in the body.",
        body=ExecuteJobIn,
        body_examples={
            "concepts": {"concepts": EXAMPLE_CONCEPTS, "protect": ["Grout"]},
            "rule": {"rule_id": EXAMPLE_RULE},
            "nothing": {"concepts": {}, "output_template": "전후비교"},
        },
        idempotent=True,
        errors=[JobNotFound, RuleNotFound, InvalidTransition, AlreadyCanceled],
        answer="QueuedJob",
        result="The job is queued.",
        data=shape(
            "QueuedJob",
            closed({"job_id": JOB_ID, "status": JOB_STATUS, "queued": constant(True)}),
        ),
        example={"job_id": EXAMPLE_JOB, "status": "queued", "queued": True},
    ),
    cancel=Operation(
        id="cancel_job",
        tag="Jobs",
        summary="Cancel, with a full refund",
        description="Possible until the job is done. What was finished is deleted. A failed job "
        "has been refunded already: it is only named canceled. A body is ignored.",
        idempotent=True,
        errors=[JobNotFound, InvalidTransition, AlreadyCanceled],
        answer="CanceledJob",
        data=shape(
            "CanceledJob",
            closed(
                {
                    "job_id": JOB_ID,
                    "status": JOB_STATUS,
                    "canceled": constant(True),
                    "refunded": whole(minimum=0, maximum=200),
                    "credits": whole("The balance after it.", minimum=0),
                }
            ),
        ),
        example={
            "job_id": EXAMPLE_JOB,
            "status": "canceled",
            "canceled": True,
            "refunded": 2,
            "credits": 10,
        },
    ),
)
