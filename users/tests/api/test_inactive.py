"""Who was deactivated and comes back is written down, as a streak."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session as OperatorSession
from django.utils import timezone

from s3project import ids
from s3project.acts.actor import SYSTEM
from s3project.acts.models import Act
from s3project.testing.api import Api
from users.models import User
from users.services import delete_user
from users.tasks import delete_expired_sessions
from users.tests.factories import make_user

pytestmark = pytest.mark.django_db

SECRET = "5b0d" * 10 + "77c1e3"


def written(user: User) -> list[tuple[str, int]]:
    acts = Act.objects.filter(action="inactive_user.refused", object_id=user.public_id)
    return [(act.object_kind, act.details["times"]) for act in acts.order_by("id")]


def test_every_way_in_of_a_deactivated_user_is_one_streak() -> None:
    tokens = Api().post("/auth/anon", {"device_hash": SECRET}).data
    user = User.objects.get(pk=str(ids.parse_public_id(ids.USER, tokens["user_id"])))
    key = Api(tokens["token"]).post("/me/keys", {"name": "shop"}).data["key"]
    User.objects.filter(pk=user.pk).update(is_active=False)
    unknown = "There is no such API key, or not any more."

    refused = [
        Api(tokens["token"]).get("/me"),
        Api(key).get("/me"),
        Api().post("/auth/refresh", {"refresh": tokens["refresh"]}),
        Api().post("/auth/anon", {"device_hash": SECRET}),
        *(Api(tokens["token"]).get("/me") for _ in range(6)),
    ]

    assert {answer.refusal for answer in refused} == {(401, "TOKEN_INVALID")}
    # Told no more than of any other token.
    assert refused[1].error["message"] == unknown
    assert written(user) == [("user", 1), ("user", 10)]


def test_so_is_the_token_of_a_deleted_user_and_no_token_of_nobody() -> None:
    tokens = Api().post("/auth/anon", {}).data
    user = User.objects.get(pk=str(ids.parse_public_id(ids.USER, tokens["user_id"])))
    delete_user(user_id=user.pk, actor=SYSTEM)

    assert Api(tokens["token"]).get("/me").status == 401
    assert Api("s3k_unknown").get("/me").status == 401
    assert Api(tokens["token"] + "x").get("/me").status == 401

    assert written(user) == [("user", 1)]
    assert Act.objects.filter(action="inactive_user.refused").count() == 1


def test_sessions_of_operators_that_are_over_are_cleared_by_the_clock() -> None:
    make_user()
    now = timezone.now()
    for name, end in (("over", now - timedelta(seconds=1)), ("alive", now + timedelta(hours=1))):
        OperatorSession.objects.create(session_key=name, session_data="", expire_date=end)

    delete_expired_sessions()

    assert list(OperatorSession.objects.values_list("pk", flat=True)) == ["alive"]
