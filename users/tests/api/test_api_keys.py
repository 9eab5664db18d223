"""API keys: contract §3.8"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from s3project.acts.models import Act
from s3project.api.envelope import timestamp
from s3project.testing.api import Answer, Api
from s3project.testing.race import names, race, race_without_locks
from s3project.testing.sql import recorded_statements
from users import api_keys
from users.errors import KeyLimit
from users.models import ApiKey, User
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

UNKNOWN_ID = "key_019ba9c9f1007dc68da4e43c58011b19"


def make_key(user: User, **fields: Any) -> dict[str, Any]:
    answer = api_of(user).post("/me/keys", {"name": "shop", **fields})
    assert answer.status == 201
    data: dict[str, Any] = answer.data
    return data


def refusal(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.error["code"], answer.error["message"]


def test_a_key_is_shown_once_and_only_its_digest_is_kept() -> None:
    user = make_user()

    answer = api_of(user).post("/me/keys", {"name": "  shop server "})

    data = answer.data
    assert answer.headers["Cache-Control"] == "no-store"
    assert data["key"].startswith("s3k_")
    assert len(data["key"]) == 47
    row = ApiKey.objects.get()
    assert data == {
        "id": row.public_id,
        "key": data["key"],
        "name": "shop server",
        "prefix": data["key"][:10],
        "created_at": timestamp(row.created_at),
        "expires_at": None,
        "last_used_at": None,
    }
    assert row.digest == hashlib.sha256(data["key"].encode()).hexdigest()
    listed = api_of(user).get("/me/keys").data
    assert listed == [{name: value for name, value in data.items() if name != "key"}]


def test_a_key_does_what_its_user_may() -> None:
    user = make_user()
    api = Api(make_key(user)["key"])

    assert api.get("/me").data["user_id"] == user.public_id
    created = api.post("/jobs", {"preset": "interior", "item_count": 1})
    assert created.status == 201
    assert api_of(user).get(f"/jobs/{created.data['job_id']}").status == 200


def test_using_it_costs_one_statement_as_a_token_does_and_one_more_an_hour() -> None:
    user = make_user()
    key_api, token_api = Api(make_key(user)["key"]), api_of(user)

    costs = []
    for api in (token_api, key_api, key_api):
        with recorded_statements() as statements:
            assert api.get("/me/ledger").status == 200
        costs.append(len(statements))

    assert costs == [2, 3, 2]


def last_use() -> datetime | None:
    return ApiKey.objects.get().last_used_at


def test_its_last_use_is_known_to_the_hour() -> None:
    data = make_key(make_user())
    Api(data["key"]).get("/me")
    first = last_use()
    assert first is not None
    assert (first.minute, first.second, first.microsecond) == (0, 0, 0)
    assert timezone.now() - first < timedelta(minutes=61)
    ApiKey.objects.update(last_used_at=first - timedelta(hours=5))

    Api(data["key"]).get("/me")

    again = last_use()
    assert again is not None
    assert again >= first


def test_a_deleted_key_is_worth_nothing_at_once() -> None:
    user = make_user()
    data = make_key(user)
    api = Api(data["key"])

    answer = api.delete(f"/me/keys/{data['id']}")

    assert answer.data == {"id": data["id"], "deleted": True}
    assert refusal(api.get("/me")) == (
        401, "TOKEN_INVALID", "There is no such API key, or not any more.",
    )  # fmt: skip
    assert refusal(api_of(user).delete(f"/me/keys/{data['id']}")) == (
        404, "NOT_FOUND", "There is no such key: GET /me/keys lists yours.",
    )  # fmt: skip


def test_a_key_that_has_expired_says_so() -> None:
    data = make_key(make_user(), expires_at=timestamp(timezone.now() + timedelta(minutes=5)))
    assert Api(data["key"]).get("/me").status == 200
    ApiKey.objects.update(expires_at=timezone.now())

    assert refusal(Api(data["key"]).get("/me")) == (
        401, "TOKEN_EXPIRED", "The API key has expired: make another one.",
    )  # fmt: skip


@pytest.mark.parametrize("key", ["s3k_", "s3k_unknown", "s3k_é", "s3k_" + "x" * 5000])
def test_what_is_no_key_is_invalid(key: str) -> None:
    assert refusal(Api(key).get("/me"))[:2] == (401, "TOKEN_INVALID")


def test_keys_end_with_their_user() -> None:
    user = make_user()
    api = Api(make_key(user)["key"])
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert refusal(api.get("/me"))[:2] == (401, "TOKEN_INVALID")


def test_a_key_has_no_session_to_end() -> None:
    api = Api(make_key(make_user())["key"])

    assert refusal(api.post("/auth/sign-out")) == (
        401, "TOKEN_INVALID", "An API key has no session: DELETE /me/keys/{id} ends it.",
    )  # fmt: skip
    assert api.get("/me").status == 200


def test_somebody_elses_key_does_not_exist() -> None:
    data, stranger = make_key(make_user()), make_user()

    answers = [
        api_of(stranger).delete(f"/me/keys/{name}") for name in (data["id"], UNKNOWN_ID, "key_1")
    ]

    assert {refusal(answer)[:2] for answer in answers} == {(404, "NOT_FOUND")}
    assert api_of(stranger).get("/me/keys").data == []
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "name", "This field is required."),
        ({"name": "  "}, "name", "Must not be empty."),
        ({"name": "x" * 101}, "name", "Must have at most 100 characters, not 101."),
        (
            {"name": "a", "expires_at": "2020-01-01T00:00:00Z"},
            "expires_at",
            "Must be in the future.",
        ),
        *(
            (
                {"name": "a", "expires_at": text},
                "expires_at",
                f'Must be a time like 2027-01-31T00:00:00Z, not "{text}".',
            )
            for text in ("tomorrow", "2027-01-31", "2027-01-31T00:00:00", "2027-02-31T00:00:00Z")
        ),
        (
            {"name": "a", "expires_at": 1_900_000_000},
            "expires_at",
            "Must be a time like 2027-01-31T00:00:00Z, not a number.",
        ),
    ],
)
def test_a_key_that_cannot_be_is_refused(body: dict[str, Any], field: str, message: str) -> None:
    answer = api_of(make_user()).post("/me/keys", body)

    assert (answer.status, answer.error["details"]) == (400, {field: [message]})
    assert ApiKey.objects.count() == 0


def test_there_are_at_most_ten() -> None:
    user = make_user()
    for _ in range(10):
        make_key(user)

    answer = api_of(user).post("/me/keys", {"name": "eleventh"})

    assert refusal(answer) == (
        403, "KEY_LIMIT", "You have 10 API keys, the most there may be: delete one.",
    )  # fmt: skip
    assert answer.error["details"] == {"limit": 10}
    assert ApiKey.objects.count() == 10


def eight_and_six_more(
    race_of: Callable[..., list[str | Exception]],
) -> tuple[list[str], int]:
    user = make_user()
    for _ in range(8):
        make_key(user)

    def make(number: int) -> str:
        try:
            api_keys.create_api_key(user_id=user.id, name=str(number))
        except KeyLimit:
            return "refused"
        return "made"

    outcomes = race_of(*(lambda number=number: make(number) for number in range(6)))
    return names(outcomes), ApiKey.objects.count()


@pytest.mark.django_db(transaction=True)
def test_not_even_at_the_same_time_are_there_more() -> None:
    assert eight_and_six_more(race) == (["made"] * 2 + ["refused"] * 4, 10)


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_there_would_be_more() -> None:
    assert eight_and_six_more(race_without_locks) == (["made"] * 6, 14)


def test_the_audit_log_knows_of_keys_and_not_what_they_are() -> None:
    user = make_user()
    data = make_key(user)
    api_of(user).delete(f"/me/keys/{data['id']}")

    acts = list(Act.objects.order_by("id").values_list("action", "object_id", "actor_id"))
    assert acts == [
        ("key.issued", data["id"], user.pk),
        ("key.revoked", data["id"], user.pk),
    ]
    assert data["key"] not in str(list(Act.objects.values()))


def test_an_operator_issues_one_from_the_command_line() -> None:
    user, out, err = make_user(), StringIO(), StringIO()

    call_command(
        *("issue_key", user.public_id, "till", "--days", "30", "--reason", "new till"),
        stdout=out, stderr=err, no_color=True,
    )  # fmt: skip

    key = out.getvalue().strip()
    row = ApiKey.objects.get()
    assert Api(key).get("/me").data["user_id"] == user.public_id
    assert err.getvalue() == f"{user}: {row.public_id}, shown this once:\n"
    assert row.expires_at is not None
    assert timedelta(days=29) < row.expires_at - timezone.now() <= timedelta(days=30)
    assert Act.objects.get().reason == "new till"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["u_1", "till"], "There is no user u_1."),
        (["USER", " "], "A name has 1 to 100 characters."),
        (["USER", "till", "--days", "0"], "A key lives from 1 to 36500 days."),
    ],
)
def test_what_the_command_cannot_do_it_says(arguments: list[str], message: str) -> None:
    user = make_user()
    named = [user.public_id if word == "USER" else word for word in arguments]

    with pytest.raises(CommandError, match=f"^{message}$"):
        call_command("issue_key", *named, "--reason", "why")
