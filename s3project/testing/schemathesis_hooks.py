"""What schemathesis does around its requests, so that they reach what they are meant to test."""

import itertools
import os
import re
from typing import Any

import requests
import schemathesis
from schemathesis import Case, HookContext
from schemathesis.core.transport import Response

JOB_ID = re.compile(r"job_[0-9a-f]{32}")
VALID_KEY = re.compile(r"[!-~]{1,255}")
KEY = "Idempotency-Key"
NUMBERS = itertools.count(1)
# Jobs that hold a slot until the next request that needs one: with three, all would be 429.
OPEN: list[str] = []
Step = tuple[str, object]  # and its body
# What a fresh job goes through before a request to one of these.
CONFIRM: Step = ("confirm-upload", None)
EXECUTE: Step = ("execute", {"concepts": {}})
STEPS_BEFORE: dict[str, list[Step]] = {
    "/jobs/{job_id}/confirm-upload": [],
    "/jobs/{job_id}/execute": [CONFIRM],
    "/jobs/{job_id}/cancel": [],
    "/jobs/{job_id}/claim": [CONFIRM, EXECUTE],
    "/jobs/{job_id}/callback": [CONFIRM, EXECUTE],
}


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, object]) -> None:
    """Each request varies one detail, and would be 422 with the Idempotency-Key of an earlier one
    and 409 on a job that an earlier one has moved on: it gets a key and a job of its own.
    """
    if case.headers and VALID_KEY.fullmatch(str(case.headers.get(KEY, ""))):
        case.headers[KEY] = f"request-{next(NUMBERS)}"
    if not _stands_alone(case):
        return
    while OPEN:
        _call(f"/jobs/{OPEN.pop()}/cancel", may_be_canceled=True)
    job_id = str((case.path_parameters or {}).get("job_id", ""))
    if case.path in STEPS_BEFORE and JOB_ID.fullmatch(job_id):
        job_id = _call("/jobs", {"preset": "interior", "item_count": 1})["job_id"]
        OPEN.append(job_id)
        for step, body in STEPS_BEFORE[case.path]:
            _call(f"/jobs/{job_id}/{step}", body)
        case.path_parameters["job_id"] = job_id


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
    if case.path == "/jobs" and response.status_code == 201 and _stands_alone(case):
        OPEN.append(response.json()["data"]["job_id"])


def _stands_alone(case: Case[Any]) -> bool:
    return case.meta is not None and case.meta.phase.name.value != "stateful"


def _call(path: str, body: object = None, *, may_be_canceled: bool = False) -> Any:
    answer = requests.post(
        os.environ["S3_URL"] + path,
        json=body,
        headers={"Authorization": f"Bearer {os.environ['S3_TOKEN']}"},
        timeout=10,
    )
    if not (may_be_canceled and answer.status_code == 409):
        answer.raise_for_status()
    return answer.json()["data"]
