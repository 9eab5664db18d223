"""All that is kept of a user, in one document: nothing of others, and no secret."""

import json

import pytest
from django.test import Client

from jobs.lifecycle.export import export_user
from jobs.models import Rule
from jobs.states import JobStatus
from jobs.tests.factories import RECOLOR_FLOOR, make_job
from jobs.webhooks.endpoints import create_webhook
from s3project.acts.models import Act
from users.api_keys import create_api_key
from users.models import Session
from users.tests.factories import make_user
from users.tests.operators import browser_of, make_operator

pytestmark = pytest.mark.django_db


def test_a_user_is_exported_whole_and_alone() -> None:
    user, other = make_user(), make_user()
    done, failed = make_job(JobStatus.DONE, user=user), make_job(JobStatus.FAILED, user=user)
    make_job(JobStatus.DONE, user=other)
    Rule.objects.create(
        user=user, name="Eiche", preset_id="interior", concepts=RECOLOR_FLOOR, protect=[]
    )
    webhook = create_webhook(user_id=user.id, url="https://shop.example.com/hooks")
    _, key = create_api_key(user_id=user.id, name="shop", expires_at=None)

    text = "".join(export_user(user_id=user.pk))

    found = json.loads(text)
    assert found["user_id"] == user.public_id
    assert [job["job_id"] for job in found["jobs"]] == [done.public_id, failed.public_id]
    assert [item["error"] for item in found["jobs"][1]["items"]] == [
        "photo 0 is broken", "photo 1 is broken"
    ]  # fmt: skip
    assert len(found["history"]) == 2
    assert [rule["name"] for rule in found["rules"]] == ["Eiche"]
    assert len(found["ledger"]) == user.billing_events.count()
    assert (len(found["sessions"]), len(found["keys"]), len(found["webhooks"])) == (1, 1, 1)
    assert other.public_id not in text
    session = Session.objects.get(user=user)
    for secret in (webhook.secret, key, session.refresh_digest, user.password):
        assert secret not in text or secret == "!"


def test_an_operator_exports_with_a_reason_and_the_log_has_it() -> None:
    user = make_user()
    browser: Client = browser_of(make_operator(superuser=True))
    body = {"action": "export_user", "_selected_action": str(user.pk), "index": "0"}

    asked = browser.post("/admin/users/user/", body)
    assert "Reason, for the audit log" in asked.content.decode()
    given = browser.post(
        "/admin/users/user/", {**body, "confirmed": "1", "reason": "asked by mail"}
    )

    assert given.headers["Content-Disposition"] == f'attachment; filename="{user.public_id}.json"'
    found = json.loads(b"".join(given.streaming_content))  # type: ignore[attr-defined]  # not in the stubs
    assert found["user_id"] == user.public_id
    act = Act.objects.get(action="user.exported")
    assert (act.object_id, act.reason) == (user.public_id, "asked by mail")
    assert [row["action"] for row in found["acts"]] == ["user.exported"]
