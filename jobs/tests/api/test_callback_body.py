"""Contract §4.3: which bodies of a callback are taken, and as what."""

import json
from typing import Any

import pytest

from jobs import keys
from jobs.states import JobStatus
from jobs.tests.factories import callback_body, callback_path, make_job, worker_api
from jobs.tests.rows import all_rows

pytestmark = pytest.mark.django_db

MISSING = object()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("idx", MISSING),
        ("idx", None),
        ("idx", "0"),
        ("idx", True),
        ("idx", 0.5),
        ("idx", [0]),
        ("idx", 1e400),
        ("status", MISSING),
        ("status", None),
        ("status", "pending"),
        ("status", "DONE"),
        ("status", ""),
        ("status", True),
        ("status", ["done"]),
        ("status", {"done": 1}),
        ("output_key", 5),
        ("output_key", ""),
        ("output_key", "outputs/other_result.png"),
        ("output_key", ["x"]),
        ("output_key", "a\x00b"),
        ("preview_key", "previews/other_thumb.jpg"),
        ("preview_key", False),
        ("idempotency_key", MISSING),
        ("idempotency_key", None),
        ("idempotency_key", ""),
        ("idempotency_key", "x" * 201),
        ("idempotency_key", 7),
        ("idempotency_key", "a\x00b"),
        ("idempotency_key", "a\ud800b"),
    ],
)
def test_a_wrong_field_is_refused_without_effect(field: str, value: object) -> None:
    job = make_job(JobStatus.QUEUED)
    body = callback_body(job, 0, **{field: value})
    if value is MISSING:
        del body[field]
    before = all_rows()

    answer = worker_api().post(callback_path(job), body)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    # Not JSON at all, so that no field can be named: Infinity.
    assert list(answer.error["details"]) == (["body"] if value == 1e400 else [field])
    assert all_rows() == before


def test_the_keys_of_another_item_or_job_are_refused() -> None:
    job, other = make_job(JobStatus.QUEUED), make_job(JobStatus.QUEUED)
    before = all_rows()

    for output_key in (
        keys.output_key(job.user_id, job.id, 1),
        keys.output_key(other.user_id, other.id, 0),
        keys.preview_key(job.user_id, job.id, 0),
        keys.output_key(job.user_id, job.id, 0) + " ",
    ):
        answer = worker_api().post(callback_path(job), callback_body(job, 0, output_key=output_key))
        assert answer.refusal == (400, "VALIDATION_ERROR")

    assert all_rows() == before


@pytest.mark.parametrize("given", ["absent", None, "issued"])
@pytest.mark.parametrize("status", ["done", "failed"])
def test_the_issued_keys_may_be_given_null_or_absent(status: str, given: str | None) -> None:
    job = make_job(JobStatus.QUEUED)
    issued = {
        "output_key": keys.output_key(job.user_id, job.id, 0),
        "preview_key": keys.preview_key(job.user_id, job.id, 0),
    }
    sent = {"absent": {}, "issued": issued}.get(str(given), dict.fromkeys(issued))

    answer = worker_api().post(callback_path(job), callback_body(job, 0, status, **sent))

    assert answer.data["processed"] is True
    stored = job.items.values("output_key", "preview_key").get(idx=0)
    assert stored == (issued if status == "done" else dict.fromkeys(issued, ""))


@pytest.mark.parametrize(
    ("error", "stored"),
    [
        ("too dark", "too dark"),
        (None, ""),
        ("", ""),
        ("a\x00b\x00", "ab"),
        ("a\ud83db", "ab"),
        ("\udfff", ""),
        ("사진 😀", "사진 😀"),
        ("x" * 10_000, "x" * 2000),
        ("\x00" * 5000 + "end", "end"),
        (5, "5"),
        (True, "true"),
        (["a", "b"], '["a","b"]'),
        ({"why": "\x00"}, '{"why":"\\u0000"}'),
        ([10**30, "\ud800"], f'[{10**30},"?"]'),
    ],
)
def test_an_error_is_cleaned_and_never_a_reason_to_refuse(error: object, stored: str) -> None:
    job = make_job(JobStatus.QUEUED)

    answer = worker_api().post(callback_path(job), callback_body(job, 0, "failed", error=error))

    assert answer.data["processed"] is True
    assert job.items.get(idx=0).error == stored


def test_a_done_item_keeps_no_error() -> None:
    job = make_job(JobStatus.QUEUED)

    worker_api().post(callback_path(job), callback_body(job, 0, error="warming up"))

    assert job.items.get(idx=0).error == ""


@pytest.mark.parametrize(
    ("warnings", "stored"),
    [
        (["Sky was not found"], ["Sky was not found"]),
        (None, []),
        ("no list", []),
        (["a\x00", 5, None, "b"], ["a", "b"]),
        (["w" * 1000], ["w" * 300]),
        (["w"] * 50, ["w"] * 20),
        ([None] * 999 + ["w", "behind the first thousand"], ["w"]),
    ],
)
def test_warnings_are_kept_as_far_as_they_are_texts(warnings: object, stored: list[str]) -> None:
    job = make_job(JobStatus.QUEUED)

    worker_api().post(callback_path(job), callback_body(job, 0, warnings=warnings))

    assert job.items.get(idx=0).warnings == stored


BOX = [0.1, 0.2, 0.3, 0.4]
WINDOW = {"box": BOX, "share": 1}


@pytest.mark.parametrize(
    ("instances", "stored"),
    [
        ({"Window": [{**WINDOW, "score": 0.9}]}, {"Window": [{**WINDOW, "score": 0.9}]}),
        ({"Mug": [{**WINDOW, "colour": "#b23a2e"}]}, {"Mug": [{**WINDOW, "colour": "#b23a2e"}]}),
        (
            {"벽": [{"box": [0, 0, 1, 1.0], "share": 0.123456}]},
            {"벽": [{"box": [0, 0, 1, 1], "share": 0.1235}]},
        ),
        # What is known besides is left out, what is wrong of it too.
        ({"Window": [{**WINDOW, "score": "high", "colour": "red", "x": 1}]}, {"Window": [WINDOW]}),
        # A concept goes whole: those behind a wrong one would have another number.
        ({"Window": [WINDOW, {"box": BOX}], "Door": [WINDOW]}, {"Door": [WINDOW]}),
        ({"Window": [{**WINDOW, "box": [0.3, 0.2, 0.1, 0.4]}]}, {}),
        ({"Window": [{**WINDOW, "box": [0, 0, 1, 1.5]}]}, {}),
        ({"Window": [{**WINDOW, "box": [0, 0, 1]}]}, {}),
        ({"Window": [{**WINDOW, "box": [0, 0, 1, True]}]}, {}),
        ({"Window": [{**WINDOW, "share": 10**400}]}, {}),
        ({"Window": []}, {}),
        ({"Window": "here"}, {}),
        ({"": [WINDOW], "n" * 65: [WINDOW], "a\x00": [WINDOW], "\ud83d": [WINDOW]}, {}),
        ([WINDOW], {}),
        ("no object", {}),
        (None, {}),
        ({"Window": [WINDOW] * 100}, {"Window": [WINDOW] * 64}),
        (
            {name: [WINDOW] * 60 for name in "abcd"},
            {"a": [WINDOW] * 60, "b": [WINDOW] * 60, "c": [WINDOW] * 8},
        ),
    ],
)
def test_where_concepts_lie_is_kept_as_far_as_it_is_that(instances: object, stored: object) -> None:
    job = make_job(JobStatus.QUEUED)

    answer = worker_api().post(callback_path(job), callback_body(job, 0, instances=instances))

    assert answer.data["processed"] is True
    assert job.items.get(idx=0).instances == stored


def test_a_failed_photo_has_no_places() -> None:
    job = make_job(JobStatus.QUEUED)

    body = callback_body(job, 0, "failed", instances={"Window": [WINDOW]})
    worker_api().post(callback_path(job), body)

    assert job.items.get(idx=0).instances == {}


def test_unknown_fields_are_ignored_and_a_whole_float_is_an_integer() -> None:
    job = make_job(JobStatus.QUEUED)

    answer = worker_api().post(callback_path(job), callback_body(job, 0, idx=1.0, gpu="A100"))

    assert answer.data["processed"] is True
    assert job.items.get(idx=1).status == "done"


def test_a_key_of_one_character_and_one_of_200_are_taken() -> None:
    job = make_job(JobStatus.QUEUED)

    for idx, key in enumerate(("k", "k" * 200)):
        body: Any = callback_body(job, idx, idempotency_key=key)
        assert worker_api().post(callback_path(job), body).data["processed"] is True


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_the_body_is_json_whatever_its_content_type(content_type: str) -> None:
    job = make_job(JobStatus.QUEUED)
    raw = json.dumps(callback_body(job, 0)).encode()

    answer = worker_api().send("POST", callback_path(job), raw, content_type=content_type)

    assert answer.data["processed"] is True
