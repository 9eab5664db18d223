"""POST /jobs with `source_job_id`: the same photos again (contract §3.4)."""

from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now

from jobs.models import JobCoordinator
from jobs.states import ItemStatus, JobStatus
from jobs.tests.clock import DAY, age
from jobs.tests.factories import make_job, poll, report
from jobs.tests.rows import all_rows, assert_books_balance
from jobs.upkeep.archive import archive_jobs
from s3project.testing.api import Answer
from users.tests.factories import api_of, ledger_of, make_user

pytestmark = pytest.mark.django_db


def look_again(source: JobCoordinator, **fields: Any) -> Answer:
    return api_of(source.user).post("/jobs", {"source_job_id": source.public_id, **fields})


def rows_of(answer: Answer) -> list[tuple[int, str, int | None]]:
    """(idx, input_key, source idx) of each item of the job that was answered."""
    job_id = answer.data["job_id"]
    [job] = [job for job in JobCoordinator.objects.all() if job.public_id == job_id]
    return list(job.items.order_by("idx").values_list("idx", "input_key", "source_idx"))


def half_failed() -> JobCoordinator:
    """A done job of three photos, of which the first and the last failed."""
    job = make_job(JobStatus.QUEUED, items=3)
    for idx, status in enumerate((ItemStatus.FAILED, ItemStatus.DONE, ItemStatus.FAILED)):
        report(job, idx, status)
    job.refresh_from_db()
    return job


def test_all_photos_of_a_job_are_there_again_uploaded_charged_and_shared() -> None:
    source = make_job(JobStatus.DONE)
    keys = list(source.items.order_by("idx").values_list("input_key", flat=True))

    answer = look_again(source, metadata={"look": "2"})

    assert answer.status == 201
    data = answer.data
    job_id = data["job_id"]
    assert data == {
        "job_id": job_id,
        "status": "uploaded",
        "preset": "interior",
        "total_items": 2,
        "source_job_id": source.public_id,
        "upload": [],
        "confirm_url": None,
        "expires_in": 3600,
    }
    assert rows_of(answer) == [(0, keys[0], 0), (1, keys[1], 1)]
    assert ledger_of(source.user)[-1] == ("reserve", -2, 6, job_id)
    shown = api_of(source.user).get(f"/jobs/{job_id}").data
    assert shown["source_job_id"] == source.public_id
    assert shown["metadata"] == {"look": "2"}
    assert [item["source"] for item in shown["items"]] == [
        {"job_id": source.public_id, "idx": 0},
        {"job_id": source.public_id, "idx": 1},
    ]
    assert "upload" not in shown
    assert_books_balance(source.user)


def test_it_is_executed_like_any_other_and_finishes() -> None:
    source = make_job(JobStatus.DONE)
    job_id = look_again(source).data["job_id"]
    api = api_of(source.user)

    assert api.post(f"/jobs/{job_id}/confirm-upload").error["code"] == "INVALID_TRANSITION"
    executed = api.post(f"/jobs/{job_id}/execute", {"concepts": {}})

    assert executed.status == 202
    job = JobCoordinator.objects.get(source_job_id=source.pk)
    for idx in range(2):
        report(job, idx)
    assert api.get(f"/jobs/{job_id}").data["status"] == "done"
    assert_books_balance(source.user)


def test_only_what_failed_is_tried_again_numbered_anew() -> None:
    source = half_failed()

    answer = look_again(source, only="failed")

    assert [(idx, where) for idx, _, where in rows_of(answer)] == [(0, 0), (1, 2)]
    assert ledger_of(source.user)[-1][1] == -2


def test_the_photos_that_are_named_come_in_their_order() -> None:
    source = make_job(JobStatus.DONE, items=4)

    answer = look_again(source, items=[3, 1], preset="seller")

    assert answer.data["preset"] == "seller"
    assert [(idx, where) for idx, _, where in rows_of(answer)] == [(0, 3), (1, 1)]


def test_of_the_photos_that_are_named_only_the_failed_ones() -> None:
    assert [
        where for *_, where in rows_of(look_again(half_failed(), only="failed", items=[1, 2]))
    ] == [2]


def test_a_second_look_can_be_looked_at_again_over_the_first_upload() -> None:
    source = make_job(JobStatus.DONE, user=make_user(plan="pro"), items=3)
    second = look_again(source, items=[2, 0]).data["job_id"]

    last = api_of(source.user).post("/jobs", {"source_job_id": second, "items": [0]})

    assert last.data["source_job_id"] == second
    assert rows_of(last) == [(0, source.items.get(idx=2).input_key, 0)]
    looks = JobCoordinator.objects.filter(source_job_id__isnull=False)
    assert set(looks.values_list("photos_job_id", flat=True)) == {source.pk}


@pytest.mark.parametrize(
    "status", [JobStatus.UPLOADED, JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FAILED]
)
def test_the_source_need_not_be_done(status: JobStatus) -> None:
    source = make_job(status, user=make_user(plan="pro"))

    assert look_again(source).status == 201


def test_a_source_whose_upload_is_not_confirmed_is_refused() -> None:
    answer = look_again(make_job(user=make_user(plan="pro")))

    assert (answer.status, answer.error["code"]) == (409, "INVALID_TRANSITION")
    assert answer.error["details"] == {"status": "created"}
    assert answer.error["message"] == "The source job is created: confirm its upload first."


def gone(how: str) -> JobCoordinator:
    source = make_job(JobStatus.CANCELED if how == "canceled" else JobStatus.DONE)
    if how == "expired":
        age(source, 31 * DAY)
    if how in ("deleted", "archived"):
        JobCoordinator.objects.filter(pk=source.pk).update(storage_deleted_at=Now())
    if how == "archived":
        age(source, 400 * DAY)
        assert archive_jobs() == 1
    return source


@pytest.mark.parametrize("how", ["canceled", "expired", "deleted", "archived"])
def test_a_source_whose_photos_are_not_kept_is_gone_and_nothing_is_charged(how: str) -> None:
    source = gone(how)
    before = all_rows()

    answer = look_again(source)

    assert (answer.status, answer.error["code"]) == (409, "SOURCE_GONE")
    assert answer.error["details"] == {"status": source.status}
    assert all_rows() == before


def test_a_canceled_job_that_was_charged_still_has_its_photos() -> None:
    source = make_job(JobStatus.RUNNING)
    JobCoordinator.objects.filter(pk=source.pk).update(
        status=JobStatus.CANCELED, canceled_charge=F("done_items"), finished_at=Now()
    )
    source.user.limiter.__class__.objects.filter(pk=source.user_id).update(active_jobs=0)

    assert look_again(source).status == 201


def test_somebody_elses_job_does_not_exist() -> None:
    source, stranger = make_job(JobStatus.DONE), make_user()
    api = api_of(stranger)
    before = all_rows()

    answers = [
        api.post("/jobs", {"source_job_id": name})
        for name in (source.public_id, "job_019ba9c9f1007dc68da4e43c570d4b19", "job_1")
    ]

    assert {(answer.status, answer.error["code"]) for answer in answers} == {(404, "JOB_NOT_FOUND")}
    assert all_rows() == before


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"items": [2]}, "items", "The source has 2 photos, none of number 2."),
        ({"items": [0, 1, 0]}, "items", "Must not have 0 twice."),
        ({"items": []}, "items", "Must not be empty."),
        ({"items": [{"name": "a.jpg"}]}, "items.0", "Must be an integer, not an object."),
        ({"only": "done"}, "only", 'Must be all or failed, not "done".'),
        ({"only": "failed"}, "only", "No photo of the source has failed."),
        (
            {"only": "failed", "items": [0]},
            "only",
            "None of these photos of the source has failed.",
        ),
        ({"preset": "hotel"}, "preset", 'Must be interior or seller, not "hotel".'),
    ],
)
def test_what_the_source_does_not_have_is_refused_without_effect(
    fields: dict[str, Any], field: str, message: str
) -> None:
    source = make_job(JobStatus.DONE)
    before = all_rows()

    answer = look_again(source, **fields)

    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    assert answer.error["details"] == {field: [message]}
    assert all_rows() == before


def test_it_is_admitted_like_any_job() -> None:
    source = make_job(JobStatus.DONE, items=6)
    before = all_rows()

    answer = look_again(source)

    assert (answer.status, answer.error["details"]) == (402, {"needed": 6, "available": 4})
    assert all_rows() == before


def test_the_archive_remembers_where_photos_were_from() -> None:
    source = make_job(JobStatus.DONE)
    look_again(source, items=[1])
    job = JobCoordinator.objects.get(source_job_id=source.pk)
    api_of(source.user).post(f"/jobs/{job.public_id}/execute", {"concepts": {}})
    report(job, 0)
    JobCoordinator.objects.filter(pk=job.pk).update(storage_deleted_at=Now())
    age(job, 400 * DAY)
    assert archive_jobs() == 1

    [item] = poll(job).data["items"]

    assert item["source"] == {"job_id": source.public_id, "idx": 1}
