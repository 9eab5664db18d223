"""The endpoints of webhooks (contract §3.7)."""

from typing import Any

import pytest
from pytest_django import Settings

from jobs.events import EVENTS
from jobs.models import Webhook, WebhookDelivery
from jobs.tests.rows import all_rows
from s3project.acts.models import Act
from s3project.api.rates import Rate
from s3project.testing.api import Api
from users.models import User
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

URL = "https://shop.example.com/hooks"


@pytest.fixture
def user() -> User:
    return make_user(plan="pro")


@pytest.fixture
def api(user: User) -> Api:
    return api_of(user)


def test_a_webhook_is_made_with_its_secret_which_is_shown_once(api: Api, user: User) -> None:
    answer = api.post("/webhooks", {"url": URL, "description": "orders"})
    made = answer.data
    webhook = Webhook.objects.get()

    assert answer.status == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert made["secret"] == webhook.secret
    assert made["events"] == [
        *("job.done", "job.failed", "job.canceled"),
        *("package.ready", "package.failed"),
    ]
    assert (made["url"], made["description"], made["enabled"]) == (URL, "orders", True)
    assert (made["off_reason"], made["failing_since"], made["old_secret_until"]) == (None,) * 3
    shown = {key: value for key, value in made.items() if key != "secret"}
    assert api.get("/webhooks").data == [shown]
    assert api.get(f"/webhooks/{made['id']}").data == shown
    act = Act.objects.get(action="webhook.created")
    assert act.object_id == made["id"]
    assert act.details == {"user": user.public_id}


def test_events_are_those_that_were_asked_for_each_once(api: Api) -> None:
    wanted = ["item.failed", "job.done", "job.done"]
    assert api.post("/webhooks", {"url": URL, "events": wanted}).data["events"] == [
        *("job.done", "item.failed")
    ]
    assert api.post("/webhooks", {"url": URL, "events": list(EVENTS)}).data["events"] == list(
        EVENTS
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": None}, "url"),
        ({"url": 3}, "url"),
        ({"url": "https://" + "a" * 2048}, "url"),
        ({"url": "http://shop.example.com/"}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://u:p@shop.example.com/"}, "url"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": "job.done"}, "events"),
        ({"url": URL, "events": ["job.exploded"]}, "events.0"),
        ({"url": URL, "events": None}, "events"),
        ({"url": URL, "description": "x" * 201}, "description"),
        ({"url": URL, "description": "a\0b"}, "description"),
    ],
)
def test_a_body_that_is_wrong_names_the_field_and_makes_nothing(
    body: dict[str, Any], field: str, api: Api, settings: Settings
) -> None:
    settings.WEBHOOK_ALLOW_HTTP, settings.WEBHOOK_ALLOW_NETWORKS = False, []
    answer = api.post("/webhooks", body)
    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert field in answer.error["details"]
    assert Webhook.objects.count() == 0


def test_the_sixth_is_refused_until_one_is_deleted(api: Api) -> None:
    made = [api.post("/webhooks", {"url": URL}).data["id"] for _ in range(5)]
    answer = api.post("/webhooks", {"url": URL})
    assert answer.refusal == (403, "WEBHOOK_LIMIT")
    assert answer.error["details"] == {"limit": 5}
    assert api.delete(f"/webhooks/{made[0]}").data == {"id": made[0], "deleted": True}
    assert api.post("/webhooks", {"url": URL}).status == 201
    assert api_of(make_user()).post("/webhooks", {"url": URL}).status == 201, "somebody else's"


def test_changes_keep_the_rest_and_off_and_on_is_a_new_start(api: Api) -> None:
    made = api.post("/webhooks", {"url": URL, "description": "orders"}).data
    path = f"/webhooks/{made['id']}"
    changed = api.patch(path, {"events": ["job.done"]}).data
    assert (changed["events"], changed["description"]) == (["job.done"], "orders")
    off = api.patch(path, {"enabled": False}).data
    assert (off["enabled"], off["off_reason"]) == (False, "owner")
    assert api.post(f"{path}/test").refusal == (409, "WEBHOOK_OFF")
    on = api.patch(path, {"enabled": True, "url": URL + "/new"}).data
    assert (on["enabled"], on["off_reason"], on["url"]) == (True, None, URL + "/new")
    assert api.patch(path, {}).data == on
    assert api.patch(path, {"enabled": "yes"}).refusal == (400, "VALIDATION_ERROR")
    assert Act.objects.filter(action="webhook.changed").count() == 3


def test_a_rotation_shows_the_new_secret_once_and_keeps_the_old_one_for_a_day(api: Api) -> None:
    made = api.post("/webhooks", {"url": URL}).data
    rotated = api.post(f"/webhooks/{made['id']}/rotate").data
    assert rotated["secret"] != made["secret"]
    assert rotated["old_secret_until"] is not None
    webhook = Webhook.objects.get()
    assert (webhook.secret, webhook.old_secret) == (rotated["secret"], made["secret"])
    assert "secret" not in api.get(f"/webhooks/{made['id']}").data
    again = api.post(f"/webhooks/{made['id']}/rotate").data
    webhook.refresh_from_db()
    assert (webhook.secret, webhook.old_secret) == (again["secret"], rotated["secret"])


def test_a_test_and_a_resend_are_on_their_way_at_once(api: Api) -> None:
    made = api.post("/webhooks", {"url": URL}).data
    answer = api.post(f"/webhooks/{made['id']}/test")
    assert answer.status == 202
    delivery = answer.data
    assert (delivery["type"], delivery["status"], delivery["attempts"]) == (
        *("webhook.test", "pending"),
        0,
    )
    assert delivery["next_try_at"] is not None
    path = f"/webhooks/{made['id']}/deliveries"
    assert api.get(path).data == [delivery]

    WebhookDelivery.objects.update(
        status="failed", attempts=10, retries=9, error="the answer was 500"
    )
    shown = api.get(path).data[0]
    assert (shown["status"], shown["next_try_at"]) == ("failed", None)
    again = api.post(f"{path}/{delivery['id']}/resend")
    assert again.status == 202
    assert (again.data["id"], again.data["status"]) == (delivery["id"], "pending")
    assert WebhookDelivery.objects.get().retries == 0


def test_deliveries_come_in_pages_newest_first(api: Api) -> None:
    made = api.post("/webhooks", {"url": URL}).data
    sent = [api.post(f"/webhooks/{made['id']}/test").data["id"] for _ in range(5)]
    pages = list(api.pages(f"/webhooks/{made['id']}/deliveries?limit=2"))
    assert [[row["id"] for row in page] for page in pages] == [
        *(sent[4:2:-1], sent[2:0:-1]),
        sent[:1],
    ]


def test_tests_and_resends_are_limited(api: Api, settings: Settings) -> None:
    made = api.post("/webhooks", {"url": URL}).data

    settings.WEBHOOK_TEST_RATE = Rate.parse("2/hour")
    statuses = [api.post(f"/webhooks/{made['id']}/test").status for _ in range(3)]
    assert statuses == [202, 202, 429]
    assert api.get(f"/webhooks/{made['id']}").status == 200


@pytest.mark.parametrize(
    ("method", "action"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/rotate"),
        ("POST", "/test"),
        ("GET", "/deliveries"),
        ("POST", "/deliveries/{}/resend"),
    ],
)
def test_another_users_webhook_looks_like_none(method: str, action: str, api: Api) -> None:
    theirs = api.post("/webhooks", {"url": URL}).data["id"]
    delivery = api.post(f"/webhooks/{theirs}/test").data["id"]
    stranger = api_of(make_user())
    before = all_rows()
    body = b"{}" if method == "PATCH" else b""
    answers = [
        stranger.send(method, f"/webhooks/{webhook}{action.format(delivery)}", body)
        for webhook in (theirs, "wh_" + "0" * 32, "job_" + "0" * 32)
    ]
    assert {answer.refusal for answer in answers} == {(404, "NOT_FOUND")}
    assert len({answer.error["message"] for answer in answers}) == 1
    assert all_rows() == before


def test_a_delivery_of_another_webhook_is_none_of_this_one(api: Api) -> None:
    first, second = (api.post("/webhooks", {"url": URL}).data["id"] for _ in range(2))
    delivery = api.post(f"/webhooks/{first}/test").data["id"]
    answer = api.post(f"/webhooks/{second}/deliveries/{delivery}/resend")
    assert answer.refusal == (404, "NOT_FOUND")


def test_a_webhook_that_does_not_exist_outranks_a_body_that_is_wrong(api: Api) -> None:
    assert api.patch(f"/webhooks/wh_{'0' * 32}", {"url": 3}).refusal == (404, "NOT_FOUND")
