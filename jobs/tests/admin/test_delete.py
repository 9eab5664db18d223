"""Deleting the photos of somebody else's job from the admin."""

from typing import Any

import pytest
from django.test import Client

from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.factories import make_job
from s3project.acts.models import Act
from users.tests.operators import browser_of, make_operator, messages_in, page_of

pytestmark = pytest.mark.django_db

JOBS = "/admin/jobs/jobcoordinator/"


def delete(browser: Client, job: JobCoordinator, **data: str) -> Any:
    body = {"action": "delete_photos", "_selected_action": str(job.pk), "index": "0", **data}
    return browser.post(JOBS, body)


def test_photos_go_with_a_reason_and_the_log_has_it() -> None:
    job, operator = make_job(JobStatus.DONE), make_operator(superuser=True)
    browser = browser_of(operator)
    buttons = [button.action for button in browser.get(page_of(job)).context["buttons"]]
    assert buttons == ["keep_longer", "refund_credits", "delete_photos"]

    asked = delete(browser, job)
    assert "Reason, for the audit log" in asked.text
    job.refresh_from_db()
    assert job.deleted_at is None

    done = delete(browser, job, confirmed="1", reason="takedown 12")
    assert messages_in(done) == [f"Deleted photos and results of {job}."]
    job.refresh_from_db()
    assert job.deleted_at is not None
    act = Act.objects.get(action="job.deleted")
    assert (act.actor_id, act.object_id, act.reason) == (
        operator.pk, job.public_id, "takedown 12"
    )  # fmt: skip

    again = delete(browser, job, confirmed="1", reason="takedown 12")
    nothing = f"Nothing to do: the photos of {job} are deleted already."
    assert messages_in(again)[-1] == nothing
    assert Act.objects.filter(action="job.deleted").count() == 1


def test_a_job_in_work_and_one_without_the_right_to_it_stay() -> None:
    running, done = make_job(JobStatus.RUNNING), make_job(JobStatus.DONE)
    why = {"confirmed": "1", "reason": "takedown"}

    boss = browser_of(make_operator(superuser=True))
    assert messages_in(delete(boss, running, **why)) == [f"Not deleted: {running} is not finished."]
    delete(browser_of(make_operator("change_jobcoordinator")), done, **why)

    done.refresh_from_db()
    assert done.deleted_at is None
    assert not Act.objects.filter(action="job.deleted").exists()
