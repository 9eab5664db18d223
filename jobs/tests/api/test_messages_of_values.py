"""What is said of a value that does not fit what is there: a page, a rule, a result
(contract §3.1).
"""

from typing import Any

import pytest

from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.api.messages import JOB, RULE, refused, told
from jobs.tests.factories import callback_body, callback_path, make_job, worker_api
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "field", "text"),
    [
        ("/jobs?limit=0", "limit", 'Must be an integer from 1 to 200, not "0".'),
        ("/rules?limit=", "limit", 'Must be an integer from 1 to 200, not "".'),
        ("/jobs?limit=1&limit=2", "limit", "Must be given once, not 2 times."),
        (
            "/me/ledger?cursor=x",
            "cursor",
            "Must be the meta.next_cursor of the page before.",
        ),
        (
            "/jobs?status=queued,runing",
            "status",
            "Must be one or more of created, uploaded, queued, running, done, failed and canceled, "
            'not "runing". Did you mean running?',
        ),
    ],
)
def test_a_parameter_that_is_wrong_is_said_with_what_it_takes(
    path: str, field: str, text: str
) -> None:
    assert told(api_of(make_user()).get(path)) == refused((field, text))


def test_a_key_that_is_no_idempotency_key() -> None:
    answer = api_of(make_user()).send("POST", "/jobs", headers={"Idempotency-Key": "a b"})

    assert told(answer) == refused(
        ("Idempotency-Key", "Must have 1 to 255 visible ASCII characters.")
    )


def test_rules_belong_to_a_preset() -> None:
    api = api_of(make_user())
    rule = api.post("/rules", RULE).data["id"]
    job = api.post("/jobs", {**JOB, "preset": "seller"}).data["job_id"]
    api.post(f"/jobs/{job}/confirm-upload")

    moved = api.put(f"/rules/{rule}", {"preset_id": "seller"})
    used = api.post(f"/jobs/{job}/execute", {"rule_id": rule})

    assert told(moved) == refused(
        ("preset_id", "Must stay interior: the preset of a rule cannot be changed.")
    )
    assert told(used) == refused(
        ("rule_id", "Must be a rule of the preset seller, and this one is of interior.")
    )


def test_strict_says_first_what_would_have_been_a_warning() -> None:
    job = make_job(JobStatus.UPLOADED)
    body = {"concepts": {"Wall": {"action": "recolor", "value": "sagee"}}, "strict": True}

    answer = api_of(job.user).post(f"/jobs/{job.public_id}/execute", body)

    assert told(answer) == refused(
        (
            "concepts.Wall.value",
            'recolor does not know "sagee": Wall is left unchanged. Did you mean sage?',
        )
    )


def test_a_worker_is_told_what_its_result_lacks() -> None:
    one, two = make_job(JobStatus.QUEUED, items=1), make_job(JobStatus.QUEUED, items=2)

    def report(job: JobCoordinator, **fields: Any) -> Any:
        return told(worker_api().post(callback_path(job), callback_body(job, 0, **fields)))

    assert report(one, idx=1) == refused(("idx", "Must be 0, not 1."))
    assert report(two, idx=2) == refused(("idx", "Must be from 0 to 1, not 2."))
    assert report(two, idx=200) == refused(("idx", "Must be from 0 to 199, not 200."))
    assert report(two, status="Done") == refused(
        ("status", 'Must be done or failed, not "Done". Did you mean done?')
    )
    assert report(two, output_key="x") == refused(
        ("output_key", "Must be the key that was issued for photo 0, or absent.")
    )
    claim = {"items": [], "attempt": 0, "worker": ""}
    assert told(worker_api().post(f"/jobs/{two.public_id}/claim", claim)) == refused(
        ("items", "Must not be empty."),
        ("attempt", "Must be from 1 to 1000000, not 0."),
        ("worker", "Must not be empty."),
        message="items: Must not be empty. 2 more fields are wrong.",
    )
