"""The schema of what GPU workers call (contract §4)."""

from jobs.api.openapi.shapes import EXAMPLE_JOB, IDX, JOB_STATUS, PROGRESS
from jobs.api.shapes import ClaimIn, ItemResultIn
from jobs.api.worker import CallbackView, ClaimView
from jobs.errors import CallbackUnauthorized, IdempotencyConflict, InvalidTransition, JobNotFound
from s3project.openapi.operation import Operation, describe
from s3project.openapi.responses import CALLER_ERRORS
from s3project.openapi.shapes import array, closed, shape, whole

CALLER_ERRORS["worker"] += [CallbackUnauthorized]

describe(
    CallbackView,
    post=Operation(
        id="record_item_result",
        tag="Internal",
        caller="worker",
        summary="Report the result of one photo",
        description="Safe to repeat with the same key. A result that changes nothing is answered "
        "`processed: false`, so that the sender stops.",
        body=ItemResultIn,
        body_examples={
            "done": {
                "idx": 0,
                "status": "done",
                "idempotency_key": f"{EXAMPLE_JOB}:0:attempt1",
            },
            "failed": {
                "idx": 1,
                "status": "failed",
                "error": "the photo was never uploaded",
                "idempotency_key": f"{EXAMPLE_JOB}:1:attempt1",
            },
        },
        errors=[JobNotFound, InvalidTransition, IdempotencyConflict],
        answer="ItemResult",
        data=shape(
            "ItemResultEffect",
            closed(
                {
                    "processed": {"type": "boolean"},
                    "duplicate": {"type": "boolean"},
                    "job_status": JOB_STATUS,
                    "progress": PROGRESS,
                }
            ),
        ),
        example={
            "processed": True,
            "duplicate": False,
            "job_status": "running",
            "progress": {"done": 1, "failed": 0, "total": 2},
        },
    ),
)

describe(
    ClaimView,
    post=Operation(
        id="claim_items",
        tag="Internal",
        caller="worker",
        summary="Start or renew the lease of some photos",
        description="Settled photos, those under another worker's live lease and those of a "
        "finished job are not granted.",
        body=ClaimIn,
        body_examples={"chunk": {"items": [0, 1, 2, 3], "attempt": 1, "worker": "gpu-7:4242"}},
        errors=[JobNotFound],
        answer="Claim",
        data=shape(
            "Claim",
            closed(
                {
                    "granted": array(IDX, maxItems=200),
                    "job_status": JOB_STATUS,
                    "lease_seconds": whole(minimum=1),
                }
            ),
        ),
        example={"granted": [0, 1], "job_status": "running", "lease_seconds": 120},
    ),
)
