"""GET /vocabulary, POST /jobs/check, warnings and strict (contract §3.3)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobs.delivery.message import work_message
from jobs.lifecycle import services
from jobs.lifecycle.pace import PACE_NOW
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.factories import make_job, report
from jobs.tests.rows import all_rows
from jobs.vocabulary import MATERIALS, understands
from s3project.testing.api import Answer, Api
from s3project.testing.sql import recorded_statements
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

MISSPELT = {"Wall": {"action": "recolor", "value": "sagee"}}
FINE = {"Wall": {"action": "recolor", "value": "sage"}}


@pytest.fixture(autouse=True)
def _fresh_pace() -> Iterator[None]:
    PACE_NOW.forget()
    yield
    PACE_NOW.forget()


def check(api: Api, **changes: Any) -> Answer:
    body = {"preset": "interior", "item_count": 2, "concepts": FINE, **changes}
    return api.post("/jobs/check", body)


# --- The vocabulary --------------------------------------------------------------------------


def test_the_vocabulary_offers_what_the_engine_paints_with() -> None:
    words = Api().get("/vocabulary").data

    assert [material["name"] for material in words["materials"]] == list(MATERIALS)
    oak = words["materials"][0]
    assert (oak["name"], oak["hex"], oak["family"]) == ("oak", "#c19a6b", "wood")
    assert [grade["name"] for grade in oak["grades"]] == ["oak_a", "oak_b", "oak_c", "oak_d"]
    assert oak["grades"][0]["hex"] == "#c19a6b"
    for material in words["materials"]:
        assert all(understands("recolor", grade["name"]) for grade in material["grades"])
    assert all(understands("texture", texture) for texture in words["textures"])
    assert all(understands("tone", f"{tone}:0.5") for tone in words["tones"])
    assert words["defaults"]["recolor"] == "offwhite_b"


def test_the_vocabulary_is_cached_for_a_day_and_asked_for_by_its_tag() -> None:
    first = Api().get("/vocabulary")

    again = Api().get("/vocabulary", **{"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"] == "public, max-age=86400"
    assert (again.status, again.raw) == (304, b"")


# --- The check -------------------------------------------------------------------------------


def test_a_check_says_the_cost_and_changes_nothing() -> None:
    user = make_user()
    before = all_rows()

    answer = check(api_of(user))

    assert answer.data == {
        "credits": 2,
        "balance_after": 8,
        "admitted": True,
        "refusal": None,
        "warnings": [],
        "eta_seconds": None,
    }
    assert all_rows() == before


@pytest.mark.parametrize(
    ("plan", "busy", "count", "code"),
    [
        ("free", 0, 11, "CREDITS_EXHAUSTED"),
        ("free", 1, 1, "CONCURRENCY_LIMIT"),
        ("pro", 3, 1, "CONCURRENCY_LIMIT"),
    ],
)
def test_a_refusal_is_the_one_that_creating_would_meet(
    plan: str, busy: int, count: int, code: str
) -> None:
    user = make_user(plan=plan)
    for _ in range(busy):
        make_job(user=user, items=1)

    checked = check(api_of(user), item_count=count).data
    created = api_of(user).post("/jobs", {"preset": "interior", "item_count": count})

    assert (checked["admitted"], checked["balance_after"]) == (False, None)
    assert checked["refusal"] == created.error
    assert checked["refusal"]["code"] == code


def test_a_check_reads_a_rule_and_refuses_one_of_another_preset() -> None:
    api = api_of(make_user())
    rule = api.post("/rules", {"name": "r", "preset_id": "interior", "concepts": MISSPELT}).data

    warned = check(api, concepts=None, rule_id=rule["id"])
    other = check(api, preset="seller", concepts=None, rule_id=rule["id"])
    missing = check(api, concepts=None, rule_id="rule_0")

    assert [one["suggestion"] for one in warned.data["warnings"]] == ["sage"]
    assert other.refusal == (400, "VALIDATION_ERROR")
    assert missing.refusal == (404, "RULE_NOT_FOUND")


@pytest.mark.parametrize(
    "changes", [{"concepts": None}, {"item_count": 0}, {"item_count": 201}, {"preset": "garden"}]
)
def test_a_check_validates_like_the_real_calls(changes: dict[str, Any]) -> None:
    assert check(api_of(make_user()), **changes).refusal == (400, "VALIDATION_ERROR")


def worked(job: JobCoordinator, *, since: int, until: int | None = None) -> JobCoordinator:
    """The job, in work since and finished so many seconds ago."""
    now = timezone.now()
    JobCoordinator.objects.filter(pk=job.pk).update(
        queued_at=now - timedelta(seconds=since),
        finished_at=None if until is None else now - timedelta(seconds=until),
    )
    return job


def test_in_a_quiet_hour_the_expected_time_is_that_of_the_last_jobs() -> None:
    done = worked(make_job(JobStatus.DONE, items=6), since=312, until=300)  # 2 s each
    worked(make_job(JobStatus.DONE, items=9), since=5_000, until=4_000)  # too long ago

    assert check(api_of(done.user), item_count=1).data["eta_seconds"] == 2
    assert check(api_of(done.user), item_count=4).data["eta_seconds"] == 8


def test_in_a_busy_hour_it_follows_all_that_was_finished_in_ten_minutes() -> None:
    done = [
        worked(make_job(JobStatus.DONE, items=10), since=590, until=10),
        worked(make_job(JobStatus.DONE, items=10), since=590, until=10),
    ]
    running = worked(make_job(JobStatus.QUEUED, items=3), since=60)
    report(running, 0)

    # 21 photos in 590 s, in which one job or another was at work, and three are to come.
    assert check(api_of(done[0].user), item_count=1).data["eta_seconds"] == 85


def test_what_waits_without_a_result_says_nothing_of_the_pace() -> None:
    done = worked(make_job(JobStatus.DONE, items=1), since=12, until=10)
    worked(make_job(JobStatus.QUEUED, items=3), since=500)

    assert check(api_of(done.user), item_count=1).data["eta_seconds"] == 8


def test_a_check_costs_three_statements_and_two_where_the_pace_was_read_a_moment_ago() -> None:
    api = api_of(make_user())

    for expected in (3, 2):
        with recorded_statements() as statements:
            assert check(api).status == 200

        assert len(statements) == expected, statements


# --- Warnings --------------------------------------------------------------------------------


def warnings_of(answer: Answer) -> list[tuple[str, str | None, str | None]]:
    return [(one["problem"], one["concept"], one["suggestion"]) for one in answer.data["warnings"]]


def test_execute_warns_of_what_will_not_happen_and_goes_on() -> None:
    job = make_job(JobStatus.UPLOADED)
    concepts = {
        "Wal": {"action": "recolor", "value": "sage"},
        "Wall": {"action": "recolor", "value": "#9db4"},
        "Door": {"action": "recolor", "value": "navy"},
        "Floor": {"action": "tone", "value": "warm:9", "valeu": "x"},
        "Ceiling": {"action": "recolor", "value": "white"},
    }
    body = {
        "concepts": concepts,
        "protect": ["Ceiling"],
        "protects": ["Wall"],
        "output_template": "before_aftr",
    }

    answer = api_of(job.user).post(f"/jobs/{job.public_id}/execute", body)

    assert answer.status == 202
    assert warnings_of(answer) == [
        ("unknown_key", None, "protect"),
        ("unknown_key", None, "concepts.Floor.value"),
        ("protected", "Ceiling", None),
        ("unsupported", "Door", None),
        ("unknown_value", "Floor", "warm:1"),
        ("unknown_concept", "Wal", "Wall"),
        ("unknown_value", "Wall", "#9db"),
        ("unknown_template", None, "before_after"),
    ]
    # And the check had said the same.
    checked = api_of(make_user()).post(
        "/jobs/check", {"preset": "interior", "item_count": 2, **body}
    )
    assert checked.data["warnings"] == answer.data["warnings"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"concepts": MISSPELT}, "concepts.Wall.value"),
        ({"concepts": {"Wal": FINE["Wall"]}}, "concepts.Wal"),
        ({"protect": ["Wall"]}, "concepts.Wall"),
        ({"output_template": "nothing like it"}, "output_template"),
        ({"protects": []}, "protects"),
    ],
)
def test_strict_refuses_what_would_be_a_warning_and_nothing_has_happened(
    changes: dict[str, Any], field: str
) -> None:
    job = make_job(JobStatus.UPLOADED)
    api = api_of(job.user)
    before = all_rows()

    refused = api.post(
        f"/jobs/{job.public_id}/execute", {"concepts": FINE, "strict": True, **changes}
    )

    assert refused.refusal == (400, "VALIDATION_ERROR")
    assert list(refused.error["details"]) == [field]
    assert all_rows() == before
    strict = {"concepts": FINE, "strict": True}
    assert api.post(f"/jobs/{job.public_id}/execute", strict).status == 202


@pytest.mark.parametrize("strict", [1, "true", "yes", [], {}])
def test_strict_is_true_or_false_and_no_guess(strict: Any) -> None:
    job = make_job(JobStatus.UPLOADED)

    answer = api_of(job.user).post(
        f"/jobs/{job.public_id}/execute", {"concepts": FINE, "strict": strict}
    )

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert list(answer.error["details"]) == ["strict"]


def test_a_rule_is_saved_with_its_warnings() -> None:
    api = api_of(make_user())
    rule = {"name": "r", "preset_id": "interior", "concepts": MISSPELT, "protcet": []}

    saved = api.post("/rules", rule)

    assert warnings_of(saved) == [
        ("unknown_key", None, "protect"),
        ("unknown_value", "Wall", "sage"),
    ]
    mended = api.put(f"/rules/{saved.data['id']}", {"concepts": FINE})
    assert mended.data["warnings"] == []


# --- What is protected where nobody says so --------------------------------------------------


def test_an_omitted_protect_is_the_presets_and_an_empty_one_is_none() -> None:
    user = make_user(plan="pro")
    kept = []
    asked: list[dict[str, Any]] = [
        {},
        {"protect": None},
        {"protect": []},
        {"protect": ["Wall"]},
    ]
    for protect in asked:
        job = make_job(JobStatus.UPLOADED, user=user)
        api_of(user).post(f"/jobs/{job.public_id}/execute", {"concepts": {}, **protect})
        job.refresh_from_db()
        kept.append((job.protect, job.protect_defaulted))
        services.cancel_job(user_id=user.id, job_id=job.id)

    defaults = ["Grout", "Frame_Molding", "Glass_highlight"]
    assert kept == [(defaults, True), (defaults, True), ([], False), (["Wall"], False)]


def test_what_a_worker_is_told_of_default_protection() -> None:
    job = make_job(JobStatus.UPLOADED)
    api_of(job.user).post(f"/jobs/{job.public_id}/execute", {"concepts": FINE})
    job.refresh_from_db()

    message = work_message(job, {0: "inputs/x"}, attempt=1).to_json()

    assert (message["protect"], message["protect_defaulted"]) == (job.protect, True)
