"""Saved rules through the API: made within the plan's slots, listed, read and used."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from jobs.models import JobCoordinator, Rule
from jobs.presets import PRESETS
from jobs.states import JobStatus
from jobs.tests.factories import make_job
from jobs.tests.rows import all_rows
from jobs.tests.rules import BAD_FIELDS, NOWHERE, RECOLOR, RULE
from s3project.testing.api import Answer
from s3project.testing.sql import recorded_statements
from users.services import set_plan
from users.tests.factories import api_of, limiter_of, make_user

pytestmark = pytest.mark.django_db


def test_a_created_rule_is_answered_in_full_and_can_be_read() -> None:
    user = make_user()
    api = api_of(user)

    answer = api.post("/rules", RULE)

    assert answer.status == 201
    row = Rule.objects.get(user=user)
    assert answer.data == {
        "id": row.public_id,
        **RULE,
        "warnings": answer.data["warnings"],
        "created_at": answer.data["created_at"],
        "updated_at": answer.data["updated_at"],
    }
    assert row.public_id.startswith("rule_")
    assert api.get(f"/rules/{row.public_id}").data == answer.data
    assert api.get("/me").data["rule_slots"] == {"used": 1, "max": 2}


def test_a_rule_keeps_the_order_of_its_concepts() -> None:
    api = api_of(make_user())
    concepts = dict.fromkeys(("Window", "Wall", "A", "Floor", "B"), RECOLOR)

    rule_id = api.post("/rules", {**RULE, "concepts": concepts}).data["id"]

    assert list(api.get(f"/rules/{rule_id}").data["concepts"]) == list(concepts)


def test_protect_may_be_left_out() -> None:
    body = {key: value for key, value in RULE.items() if key != "protect"}

    for left_out in (body, {**body, "protect": None}):
        rule = api_of(make_user()).post("/rules", left_out).data
        assert rule["protect"] == list(PRESETS["interior"].protect_defaults)


def test_a_name_is_trimmed_before_it_is_measured() -> None:
    api = api_of(make_user())

    answer = api.post("/rules", {**RULE, "name": "\t " + "따" * 100 + " \n"})

    assert answer.data["name"] == "따" * 100


@pytest.mark.parametrize(("field", "value"), BAD_FIELDS)
def test_a_rule_that_is_not_valid_is_neither_made_nor_takes_a_slot(field: str, value: Any) -> None:
    api = api_of(make_user())
    before = all_rows()

    answer = api.post("/rules", {**RULE, field: value})

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert {name.partition(".")[0] for name in answer.error["details"]} == {field}
    assert all_rows() == before


@pytest.mark.parametrize("field", ["name", "preset_id", "concepts"])
def test_a_new_rule_needs_its_fields(field: str) -> None:
    api = api_of(make_user())
    body = {key: value for key, value in RULE.items() if key != field}

    answer = api.post("/rules", body)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.error["details"] == {field: ["This field is required."]}


def test_the_largest_rule_fits() -> None:
    api = api_of(make_user())
    body = {
        "name": "n" * 100,
        "preset_id": "seller",
        "concepts": {
            f"{n:02}" + "따" * 62: {"action": "tone", "value": "v" * 200} for n in range(64)
        },
        "protect": [f"{n:02}" + "p" * 62 for n in range(64)],
    }

    rule = api.post("/rules", body).data

    assert {key: rule[key] for key in body} == body


def test_a_body_is_validated_before_the_slots_are_looked_at() -> None:
    api = api_of(make_user())
    for _ in range(2):
        api.post("/rules", RULE)

    assert api.post("/rules", {**RULE, "name": ""}).refusal == (400, "VALIDATION_ERROR")
    assert api.post("/rules", RULE).refusal == (403, "RULE_SLOT_FULL")


def test_a_third_rule_on_the_free_plan_is_refused_without_effect() -> None:
    api = api_of(make_user())
    for _ in range(2):
        assert api.post("/rules", RULE).status == 201
    before = all_rows()

    assert api.post("/rules", RULE).refusal == (403, "RULE_SLOT_FULL")
    assert all_rows() == before


def test_the_pro_plan_has_twenty_slots() -> None:
    api = api_of(make_user(plan="pro"))

    statuses = [api.post("/rules", {**RULE, "name": f"rule {n}"}).status for n in range(21)]

    assert statuses == [201] * 20 + [403]


def test_a_downgrade_keeps_the_rules_and_refuses_new_ones_until_there_is_room() -> None:
    user = make_user(plan="pro")
    api = api_of(user)
    made = [api.post("/rules", RULE).data["id"] for _ in range(3)]

    set_plan(user_id=user.id, plan="free")

    assert [rule["id"] for rule in api.get("/rules").data] == made[::-1]
    assert api.get("/me").data["rule_slots"] == {"used": 3, "max": 2}
    assert api.put(f"/rules/{made[0]}", {"name": "still mine"}).data["name"] == "still mine"
    for rule_id in made[:2]:
        assert api.post("/rules", RULE).refusal == (403, "RULE_SLOT_FULL")
        assert api.delete(f"/rules/{rule_id}").status == 200
    assert api.post("/rules", RULE).status == 201
    assert limiter_of(user).rule_slots_used == 2 == Rule.objects.filter(user=user).count()


def test_rules_are_listed_newest_first_and_only_to_their_owner() -> None:
    api, stranger = api_of(make_user()), api_of(make_user())
    first, second = api.post("/rules", RULE).data, api.post("/rules", RULE).data
    stranger.post("/rules", RULE)

    assert api.get("/rules").data == [second, first]


def test_rules_come_in_pages() -> None:
    api = api_of(make_user())
    first, second = api.post("/rules", RULE).data, api.post("/rules", RULE).data

    page = api.get("/rules?limit=1")

    assert page.data == [second]
    rest = api.get(f"/rules?limit=1&cursor={page.envelope['meta']['next_cursor']}")
    assert rest.data == [first]
    assert rest.envelope["meta"]["next_cursor"] is None


def test_somebody_elses_rule_is_answered_like_one_that_does_not_exist() -> None:
    rule_id = api_of(make_user()).post("/rules", RULE).data["id"]
    stranger = api_of(make_user())
    before = all_rows()

    for method, body in (("GET", b""), ("PUT", b'{"name":"mine"}'), ("DELETE", b"")):
        errors = []
        for name in (rule_id, NOWHERE, "rule_1", "job_" + "0" * 32, "%00", "x" * 300):
            answer = stranger.send(method, f"/rules/{name}", body)
            assert answer.refusal == (404, "RULE_NOT_FOUND")
            errors.append(answer.error)
        assert errors == [errors[0]] * len(errors)
    assert all_rows() == before


def test_a_rule_that_does_not_exist_outranks_a_bad_body() -> None:
    rule_id = api_of(make_user()).post("/rules", RULE).data["id"]
    stranger = api_of(make_user())

    for name in (rule_id, NOWHERE, "nonsense"):
        answer = stranger.send("PUT", f"/rules/{name}", b'{"name":')
        assert answer.refusal == (404, "RULE_NOT_FOUND")


def test_a_rule_can_only_be_used_with_the_methods_it_has() -> None:
    api = api_of(make_user())
    rule_id = api.post("/rules", RULE).data["id"]

    assert api.send("PATCH", f"/rules/{rule_id}").refusal == (405, "METHOD_NOT_ALLOWED")
    assert api.delete("/rules").refusal == (405, "METHOD_NOT_ALLOWED")
    assert api.put("/rules", RULE).refusal == (405, "METHOD_NOT_ALLOWED")


def test_a_rule_sent_twice_with_one_idempotency_key_is_made_once() -> None:
    user = make_user()
    api = api_of(user)
    headers = {"Idempotency-Key": "oak-1"}

    first, second = (
        api.send("POST", "/rules", json.dumps(RULE).encode(), headers=headers) for _ in range(2)
    )

    assert (first.status, second.status) == (201, 201)
    assert first.data == second.data
    assert limiter_of(user).rule_slots_used == 1 == Rule.objects.filter(user=user).count()


def test_a_rule_works_on_one_album_after_another_and_each_keeps_what_it_took() -> None:
    user = make_user(plan="pro")
    api = api_of(user)
    concepts = dict.fromkeys(("Window", "Wall", "A", "Floor"), RECOLOR)
    rule_id = api.post("/rules", {**RULE, "concepts": concepts}).data["id"]
    albums = [make_job(JobStatus.UPLOADED, user=user) for _ in range(3)]

    def execute(album: JobCoordinator) -> None:
        inline = {"concepts": {"Tile": RECOLOR}, "protect": ["Tile"], "rule_id": rule_id}
        assert api.post(f"/jobs/{album.public_id}/execute", inline).status == 202

    execute(albums[0])
    api.put(f"/rules/{rule_id}", {"protect": []})
    execute(albums[1])
    api.delete(f"/rules/{rule_id}")

    answer = api.post(f"/jobs/{albums[2].public_id}/execute", {"rule_id": rule_id})
    assert answer.refusal == (404, "RULE_NOT_FOUND")
    for album in albums:
        album.refresh_from_db()
    assert [album.status for album in albums] == ["queued", "queued", "uploaded"]
    assert [album.protect for album in albums] == [RULE["protect"], [], []]
    assert [list(album.concepts) for album in albums] == [list(concepts), list(concepts), []]
    assert albums[0].concepts == concepts
    shown = [api.get(f"/jobs/{album.public_id}").data["rule_id"] for album in albums]
    assert shown == [rule_id, rule_id, None]


def test_every_rule_endpoint_has_its_number_of_queries() -> None:
    api = api_of(make_user(plan="pro"))
    rule_id = api.post("/rules", RULE).data["id"]
    for _ in range(3):
        api.post("/rules", RULE)

    requests: dict[str, Callable[[], Answer]] = {
        "create": lambda: api.post("/rules", RULE),
        "list": lambda: api.get("/rules"),
        "retrieve": lambda: api.get(f"/rules/{rule_id}"),
        "update": lambda: api.put(f"/rules/{rule_id}", {"name": "x"}),
        "destroy": lambda: api.delete(f"/rules/{rule_id}"),
    }
    counts = {}
    for name, send in requests.items():
        with recorded_statements() as statements:
            assert send().status in (200, 201)
        counts[name] = len(statements)

    # One of each is the user behind the token.
    assert counts == {"create": 4, "list": 2, "retrieve": 2, "update": 3, "destroy": 4}
