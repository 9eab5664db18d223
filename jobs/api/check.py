"""`POST /jobs/check`: what a job would cost and what of it would not happen, before it costs."""

from collections.abc import Sequence
from typing import Annotated, TypedDict, cast

from rest_framework.request import Request

from jobs.advice import Advice
from jobs.api.advice_shapes import Warnings, notice_keys, warnings_out
from jobs.api.edits import EDIT_IN
from jobs.api.job_requests import CheckJobIn
from jobs.errors import RuleNotFound
from jobs.lifecycle.check import JobCheck, check_job
from s3project.api.answers import Answer
from s3project.api.json_body import read_json_object
from s3project.api.operation import Operation
from s3project.api.views import ApiView, validated
from s3project.errors import DomainError
from s3project.schema import Schema
from users.api.auth import current_user
from users.errors import ConcurrencyFacts, CreditFacts, PlanFacts, StorageFacts

CHECK_JOB_IN = CheckJobIn()


RefusalFacts = CreditFacts | PlanFacts | ConcurrencyFacts | StorageFacts


class RefusalOut(TypedDict):
    code: Annotated[str, Schema(example="CREDITS_EXHAUSTED")]
    message: Annotated[str, Schema(example="This job needs 12 credits, and 10 are left.")]
    details: Annotated[RefusalFacts, Schema("Of the code, as in the refusal.")]


def refusal_out(refusal: DomainError) -> RefusalOut:
    facts = cast(RefusalFacts, refusal.details)
    return {"code": refusal.code, "message": refusal.text, "details": facts}


class CheckedJobOut(TypedDict):
    credits: Annotated[int, Schema("What the job would reserve.", minimum=1, example=2)]
    balance_after: Annotated[int | None, Schema("Null when it would be refused.", example=8)]
    admitted: bool
    refusal: Annotated[RefusalOut | None, Schema(example=None)]
    warnings: Warnings
    eta_seconds: Annotated[
        int | None,
        Schema("Until it would be finished; null when nothing of late can tell.", example=20),
    ]


def checked_job_out(check: JobCheck, noticed: Sequence[Advice]) -> CheckedJobOut:
    refusal = check.refusal
    return {
        "credits": check.credits,
        "balance_after": check.balance_after,
        "admitted": refusal is None,
        "refusal": None if refusal is None else refusal_out(refusal),
        "warnings": warnings_out([*noticed, *check.advice]),
        "eta_seconds": check.eta_seconds,
    }


class CheckView(ApiView):
    """POST /jobs/check"""

    tag = "Jobs"

    @Operation(
        "check_job",
        body=CHECK_JOB_IN,
        body_examples={
            "misspelt": {
                "preset": "interior",
                "item_count": 2,
                "concepts": {"Wall": {"action": "recolor", "value": "sagee"}},
            }
        },
        errors=[RuleNotFound],
    )
    def post(self, request: Request) -> Answer[CheckedJobOut]:
        """What would it cost, and what of it would not happen?

        The admission and the validation of the real calls, without effect and without a charge.
        """
        body = read_json_object(request._request)
        args = validated(CHECK_JOB_IN, body)
        check = check_job(user_id=current_user(request).id, **args)
        return Answer(checked_job_out(check, notice_keys(CHECK_JOB_IN, EDIT_IN, body)))
