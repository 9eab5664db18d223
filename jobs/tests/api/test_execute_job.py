"""POST /jobs/{id}/execute: what may be asked for, and in which order it is checked."""

from typing import Any

import pytest

from jobs.models import Rule
from jobs.presets import PRESETS
from jobs.states import JobStatus
from jobs.tests.factories import RECOLOR_FLOOR, make_job
from jobs.tests.rows import all_rows
from s3project.testing.api import Api
from users.models import User
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

TONE = {"action": "tone", "value": "warm"}


def make_rule(user: User, preset: str = "interior") -> Rule:
    """A saved rule, past its endpoint and its slot."""
    return Rule.objects.create(
        user=user,
        name="Oak",
        preset_id=preset,
        concepts={"Wall": {"action": "tone", "value": "cool"}},
        protect=["Glass_highlight"],
    )


@pytest.mark.parametrize(
    "body",
    [
        {"concepts": {}},
        {"concepts": {"x" * 64: TONE}},
        {"concepts": {f"Concept {n}": TONE for n in range(64)}},
        {"concepts": {"Floor": {"action": "recolor", "value": "v" * 200}}},
        {"concepts": {"Floor": {"action": "recolor", "value": ""}}},
        {"concepts": {"Floor": {"action": "remove"}}},
        {"concepts": {"Floor": {"action": "remove", "value": None}}},
        {"concepts": {"Window": {**TONE, "instances": [0]}}},
        {"concepts": {"Window": {**TONE, "instances": None}}},
        {"concepts": {"Window": {**TONE, "paint": "all"}}},
        {"concepts": {"Window": {**TONE, "paint": None}}},
        {"concepts": {"Window": {"action": "remove", "instances": [*range(63), 199]}}},
        {"concepts": {"Floor": {"action": "texture", "value": "no such texture"}}},
        {"concepts": {"왼쪽 벽": TONE}, "protect": ["창문", "x" * 64]},
        {"concepts": {"Floor": {**TONE, "opacity": 1}}, "more": True},
        {"concepts": {}, "output_template": "전후비교", "rule_id": None},
        {"concepts": {}, "output_template": "x" * 100},
        {"concepts": {}, "output_template": None},
        {"concepts": {}, "protect": []},
        {"concepts": {}, "protect": None},
    ],
)
def test_what_may_be_asked_for(body: dict[str, Any]) -> None:
    job = make_job(JobStatus.UPLOADED)

    answer = api_of(job.user).post(f"/jobs/{job.public_id}/execute", body)

    assert answer.status == 202
    assert answer.data == {
        "job_id": job.public_id,
        "status": "queued",
        "queued": True,
        "warnings": answer.data["warnings"],
    }
    job.refresh_from_db()
    assert list(job.concepts) == list(body["concepts"])
    defaults = list(PRESETS["interior"].protect_defaults)
    asked = body.get("protect")
    assert job.protect == (defaults if asked is None else asked)
    assert job.protect_defaulted == (asked is None)
    assert job.output_template == body.get("output_template")
    assert job.rule_id is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "concepts"),
        ({"concepts": None}, "concepts"),
        ({"concepts": []}, "concepts"),
        ({"concepts": "Floor"}, "concepts"),
        ({"concepts": {"Floor": None}}, "concepts.Floor"),
        ({"concepts": {"Floor": "recolor"}}, "concepts.Floor"),
        ({"concepts": {"Floor": {}}}, "concepts.Floor.action"),
        ({"concepts": {"Floor": {"value": "oak"}}}, "concepts.Floor.action"),
        ({"concepts": {"Floor": {**TONE, "action": "paint"}}}, "concepts.Floor.action"),
        ({"concepts": {"Floor": {**TONE, "action": None}}}, "concepts.Floor.action"),
        ({"concepts": {"Floor": {**TONE, "action": ["tone"]}}}, "concepts.Floor.action"),
        ({"concepts": {"Floor": {"action": "recolor"}}}, "concepts.Floor.value"),
        ({"concepts": {"Floor": {"action": "tone", "value": None}}}, "concepts.Floor.value"),
        ({"concepts": {"Floor": {"action": "tone", "value": 5}}}, "concepts.Floor.value"),
        ({"concepts": {"Floor": {"action": "remove", "value": 5}}}, "concepts.Floor.value"),
        ({"concepts": {"Floor": {"action": "tone", "value": "v" * 201}}}, "concepts.Floor.value"),
        ({"concepts": {"Floor": {"action": "tone", "value": "\x00"}}}, "concepts.Floor.value"),
        ({"concepts": {"Floor": {"action": "tone", "value": "\ud800"}}}, "concepts.Floor.value"),
        ({"concepts": {f"Concept {n}": TONE for n in range(65)}}, "concepts"),
        ({"concepts": {"x" * 65: TONE}}, "concepts." + "x" * 64 + "…"),
        ({"concepts": {"": TONE}}, "concepts."),
        ({"concepts": {"a\x00": TONE}}, "concepts.a\x00"),
        ({"concepts": {}, "protect": "Grout"}, "protect"),
        ({"concepts": {}, "protect": {"Grout": True}}, "protect"),
        ({"concepts": {}, "protect": ["x"] * 65}, "protect"),
        ({"concepts": {}, "protect": ["Grout", 5]}, "protect.1"),
        ({"concepts": {}, "protect": ["x" * 65]}, "protect.0"),
        ({"concepts": {}, "protect": [""]}, "protect.0"),
        ({"concepts": {}, "output_template": "x" * 101}, "output_template"),
        ({"concepts": {}, "output_template": 5}, "output_template"),
        *(
            ({"concepts": {"Window": {**TONE, "instances": wrong}}}, f"concepts.Window.{field}")
            for wrong, field in (
                ([], "instances"),
                (0, "instances"),
                ({"0": True}, "instances"),
                ([*range(65)], "instances"),
                ([-1], "instances.0"),
                ([0, 200], "instances.1"),
                ([True], "instances.0"),
                (["1"], "instances.0"),
                ([0.5], "instances.0"),
                ([None], "instances.0"),
            )
        ),
        ({"concepts": {}, "rule_id": 5}, "rule_id"),
        ({"concepts": {}, "rule_id": True}, "rule_id"),
        ({"concepts": {}, "rule_id": ""}, "rule_id"),
    ],
)
def test_what_may_not_be_asked_for(body: dict[str, Any], field: str) -> None:
    job = make_job(JobStatus.UPLOADED)
    before = all_rows()

    answer = api_of(job.user).post(f"/jobs/{job.public_id}/execute", body)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert list(answer.error["details"]) == [field]
    assert all_rows() == before


def test_a_lone_surrogate_in_a_name_is_refused_and_the_refusal_can_be_read() -> None:
    job = make_job(JobStatus.UPLOADED)
    before = all_rows()
    raw = b'{"concepts": {"\\ud800": {"action": "tone", "value": "warm"}}}'

    answer = api_of(job.user).send("POST", f"/jobs/{job.public_id}/execute", raw)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert all_rows() == before


@pytest.mark.parametrize("rule_id", ["rule_" + "0" * 32, "rule_x", "another user's"])
def test_an_unknown_rule_changes_nothing(rule_id: str) -> None:
    job = make_job(JobStatus.UPLOADED)
    if rule_id == "another user's":
        rule_id = make_rule(make_user()).public_id
    before = all_rows()

    answer = api_of(job.user).post(
        f"/jobs/{job.public_id}/execute", {"concepts": RECOLOR_FLOOR, "rule_id": rule_id}
    )

    assert answer.refusal == (404, "RULE_NOT_FOUND")
    assert all_rows() == before


def test_a_rule_of_another_preset_is_refused() -> None:
    job = make_job(JobStatus.UPLOADED)
    rule = make_rule(job.user, preset="seller")
    before = all_rows()

    answer = api_of(job.user).post(f"/jobs/{job.public_id}/execute", {"rule_id": rule.public_id})

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert list(answer.error["details"]) == ["rule_id"]
    assert all_rows() == before


@pytest.mark.parametrize("inline", [{}, {"concepts": RECOLOR_FLOOR, "protect": ["Grout"]}])
def test_a_rule_overrides_what_is_said_inline_and_is_a_snapshot(inline: dict[str, Any]) -> None:
    job = make_job(JobStatus.UPLOADED)
    rule = make_rule(job.user)

    answer = api_of(job.user).post(
        f"/jobs/{job.public_id}/execute", {**inline, "rule_id": rule.public_id}
    )
    Rule.objects.filter(pk=rule.pk).delete()

    assert answer.status == 202
    job.refresh_from_db()
    assert job.concepts == {"Wall": {"action": "tone", "value": "cool"}}
    assert (job.protect, job.rule_id) == (["Glass_highlight"], rule.id)
    assert api_of(job.user).get(f"/jobs/{job.public_id}").data["rule_id"] == rule.public_id


def test_the_checks_come_in_order_token_job_body_rule_state() -> None:
    job = make_job(JobStatus.QUEUED)
    path = f"/jobs/{job.public_id}/execute"
    bad_body, unknown_rule = {"concepts": 5}, {"concepts": {}, "rule_id": "rule_x"}
    before = all_rows()

    assert Api().post(path, bad_body).refusal == (401, "AUTH_REQUIRED")
    assert api_of(make_user()).post(path, bad_body).refusal == (404, "JOB_NOT_FOUND")
    api = api_of(job.user)
    assert api.post("/jobs/job_x/execute", bad_body).refusal == (404, "JOB_NOT_FOUND")
    assert api.post(path, bad_body).refusal == (400, "VALIDATION_ERROR")
    assert api.post(path, unknown_rule).refusal == (404, "RULE_NOT_FOUND")
    assert api.post(path, {"concepts": {}}).refusal == (409, "INVALID_TRANSITION")
    after = all_rows()
    after["users_user"].pop()  # the stranger who asked
    after["users_userlimiter"].pop()
    after["billing_events"].pop()
    assert after == before


def test_instances_are_kept_in_order_and_once_and_only_where_they_are_given() -> None:
    job = make_job(JobStatus.UPLOADED)
    concepts = {
        "Window": {**TONE, "instances": [2, 0.0, 2]},
        "Door": {**TONE, "instances": None},
        "Wall": TONE,
    }

    api_of(job.user).post(f"/jobs/{job.public_id}/execute", {"concepts": concepts})

    job.refresh_from_db()
    assert job.concepts == {"Window": {**TONE, "instances": [0, 2]}, "Door": TONE, "Wall": TONE}
