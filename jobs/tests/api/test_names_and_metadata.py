"""What a client says of a job and of its photos: kept, shown, and used to name downloads
(contract §3.2).
"""

from typing import Any

import pytest

from jobs.lifecycle.selectors import stem_of
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.factories import make_job, report
from jobs.tests.rows import all_rows
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db


def test_a_job_carries_what_was_said_of_it_and_of_its_photos() -> None:
    api = api_of(make_user())
    created = api.post(
        "/jobs",
        {
            "preset": "interior",
            "items": [{"name": "거실.jpg", "bytes": 7}, {"name": None}, {}],
            "metadata": {"order": "2026-114"},
        },
    )

    shown = api.get(f"/jobs/{created.data['job_id']}").data

    assert created.data["total_items"] == 3
    assert "content-length" in created.data["upload"][0]["url"]
    assert "content-length" not in created.data["upload"][1]["url"]
    assert "content-length" in shown["upload"][0]["url"]
    assert shown["metadata"] == {"order": "2026-114"}
    assert [item.get("name") for item in shown["items"]] == ["거실.jpg", None, None]
    assert shown["credits"] == {"reserved": 3, "refunded": None, "charged": None}
    assert (shown["concepts"], shown["protect"], shown["output_template"]) == ({}, [], None)


def test_a_download_is_saved_under_a_name_that_tells_photos_apart() -> None:
    user = make_user()
    created = api_of(user).post(
        "/jobs", {"preset": "interior", "items": [{"name": "C:\\photos\\kitchen.HEIC"}, {}]}
    )
    from_name = created.data["job_id"]
    api_of(user).post(f"/jobs/{from_name}/confirm-upload")
    api_of(user).post(f"/jobs/{from_name}/execute", {"concepts": {}})
    row = JobCoordinator.objects.get(user=user)
    for idx in range(2):
        report(row, idx)

    outputs = api_of(user).get(f"/jobs/{from_name}").data["outputs_ready"]

    assert "attachment%3B%20filename%3D%22kitchen-0.png%22" in outputs[0]["result_url"]
    assert "inline%3B%20filename%3D%22kitchen-0.jpg%22" in outputs[0]["preview_url"]
    assert f"filename%3D%22{from_name}-1.png%22" in outputs[1]["result_url"]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("kitchen.jpg", "kitchen"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x.jpg", "a Set-Cookie: x"),
        ("거실\t1.heic", "거실 1"),
        ("...", ""),
        ("", ""),
        ("x" * 255, "x" * 80),
    ],
)
def test_a_name_is_made_fit_for_a_header(name: str, stem: str) -> None:
    assert stem_of(name) == stem


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"item_count": 2, "items": [{}]}, "items"),
        ({"items": []}, "items"),
        ({"items": [{"bytes": 0}]}, "items.0.bytes"),
        ({"items": [{"bytes": 26 * 1024 * 1024}]}, "items.0.bytes"),
        ({"items": [{"name": "x" * 256}]}, "items.0.name"),
        ({"items": [{"name": "a\u0000b"}]}, "items.0.name"),
        ({"items": ["kitchen.jpg"]}, "items.0"),
        ({"item_count": 1, "metadata": {"a": 1}}, "metadata.a"),
        ({"item_count": 1, "metadata": {"": "x"}}, "metadata."),
        ({"item_count": 1, "metadata": {"a": "x" * 501}}, "metadata.a"),
        ({"item_count": 1, "metadata": {str(n): "" for n in range(17)}}, "metadata"),
        ({"item_count": 1, "metadata": ["a"]}, "metadata"),
        ({}, "item_count"),
    ],
)
def test_what_may_not_be_said_of_a_job(changes: dict[str, Any], field: str) -> None:
    user = make_user()
    before = all_rows()

    answer = api_of(user).post("/jobs", {"preset": "interior", **changes})

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert list(answer.error["details"]) == [field]
    assert all_rows() == before


def test_a_key_that_is_ignored_and_looks_like_ours_is_said_when_the_job_is_made() -> None:
    api = api_of(make_user(plan="pro"))
    photos = [{"name": "a.jpg"}, {"nmae": "b.jpg", "byte": 7, "taken": "2026"}]

    slips = api.post("/jobs", {"preset": "interior", "items": photos, "metdata": {"a": "b"}})
    fine = api.post("/jobs", {"preset": "interior", "items": [{"name": "a.jpg"}], "note": "x"})

    assert slips.status == fine.status == 201
    assert [(one["value"], one["suggestion"]) for one in slips.data["warnings"]] == [
        ("metdata", "metadata"),
        ("items.1.nmae", "items.1.name"),
        ("items.1.byte", "items.1.bytes"),
    ]
    assert "warnings" not in fine.data


def test_the_keys_of_a_second_look_are_noticed_too() -> None:
    job = make_job(JobStatus.DONE, items=2)
    api = api_of(job.user)

    answer = api.post("/jobs", {"source_job_id": job.public_id, "items": [0], "onlyy": "all"})

    assert answer.status == 201
    assert [(one["value"], one["suggestion"]) for one in answer.data["warnings"]] == [
        ("onlyy", "only")
    ]
