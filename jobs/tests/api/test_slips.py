"""A key that is ignored and looks like one of ours is named in the answer, whatever is asked."""

import secrets
from typing import Any

import pytest

from jobs.states import JobStatus
from jobs.tests.factories import make_job
from s3project.testing.api import Api
from users.tests.factories import api_of, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_queues")]

URL = "https://shop.example.com/hooks"
BODIES: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "/me/keys",
        {"name": "a shop", "expire_at": "2099-01-01T00:00:00Z"},
        "expire_at",
        "expires_at",
    ),
    ("/webhooks", {"url": URL, "event": ["job.done"]}, "event", "events"),
    ("/auth/anon", {"device_hsah": secrets.token_hex(16)}, "device_hsah", "device_hash"),
]


@pytest.mark.parametrize(("path", "body", "key", "near"), BODIES)
def test_a_slip_of_a_key_is_named(path: str, body: dict[str, Any], key: str, near: str) -> None:
    answer = api_of(make_user()).post(path, body)

    assert answer.envelope["success"] is True
    assert answer.envelope["meta"]["warnings"] == [
        {
            "key": key,
            "message": f"{key} is not a key of this request and is ignored: did you mean {near}?",
            "suggestion": near,
        }
    ]


def test_a_slip_of_a_change_and_of_a_package_is_named() -> None:
    job = make_job(JobStatus.DONE)
    api = api_of(job.user)
    webhook = api.post("/webhooks", {"url": URL}).data["id"]

    changed = api.patch(f"/webhooks/{webhook}", {"enable": False})
    asked = api.post(f"/jobs/{job.public_id}/packages", {"template": "all", "templat": "x"})

    assert [one["suggestion"] for one in changed.envelope["meta"]["warnings"]] == ["enabled"]
    assert changed.data["enabled"] is True
    assert [one["suggestion"] for one in asked.envelope["meta"]["warnings"]] == ["template"]


def test_nothing_is_said_where_there_is_nothing_to_say() -> None:
    api = api_of(make_user())
    for body in ({"name": "a shop"}, {"name": "a shop", "colour": "red"}):
        assert set(api.post("/me/keys", body).envelope["meta"]) == {"request_id", "timestamp"}
    # What has warnings of its own says it there.
    order = {"preset": "interior", "item_count": 1, "concepts": {}, "protects": []}
    checked = api.post("/jobs/check", order)
    assert "warnings" not in checked.envelope["meta"]
    assert [one["value"] for one in checked.data["warnings"]] == ["protects"]
    refused = Api().post("/auth/refresh", {"refresh": "rt_none", "refreshh": "x"})
    assert (refused.status, "warnings" in refused.envelope["meta"]) == (401, False)
