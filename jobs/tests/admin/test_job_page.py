"""A job's page: its photos as pictures, its times, what was ordered, who was told."""

from typing import Any

import pytest
import requests
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from jobs import keys
from jobs.lifecycle import services
from jobs.models import JobCoordinator
from jobs.states import ItemStatus, JobStatus
from jobs.storage.bucket import photo_storage, public_origin
from jobs.tests.clock import DAY
from jobs.tests.factories import claim, make_job, report
from jobs.upkeep.archive import archive_jobs
from jobs.webhooks.endpoints import create_webhook
from s3project.acts.actor import Actor
from s3project.acts.words import ActorKind
from users.tests.factories import make_user
from users.tests.operators import browser_of, make_operator, page_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Client:
    return browser_of(make_operator(superuser=True))


def panel(response: Any, title: str) -> Any:
    (found,) = [one for one in response.context["panels"] if one.title.startswith(title)]
    return found


def done_job() -> JobCoordinator:
    job = make_job(JobStatus.QUEUED, items=2)
    claim(job, 0, 1)
    report(job, 0)
    report(job, 1, ItemStatus.FAILED)
    job.refresh_from_db()
    return job


def pictures(text: str) -> list[str]:
    return [part.split('"', 1)[0].replace("&amp;", "&") for part in text.split('src="http')[1:]]


def test_photos_are_shown_before_and_after_when_they_are_looked_at(
    browser: Client, engines: object
) -> None:
    job = done_job()
    key = keys.preview_key(job.user_id, job.id, 0)
    photo_storage().client.put_object(Bucket=photo_storage().bucket_name, Key=key, Body=b"preview")

    response = browser.get(page_of(job))

    text = response.content.decode()
    found = [f"http{address}" for address in pictures(text)]
    assert len(found) == 3, "two before, one after"
    assert all(address.startswith(public_origin()) for address in found)
    assert text.count('loading="lazy"') == 3
    (preview,) = [address for address in found if "previews/" in address]
    assert requests.get(preview, timeout=20).content == b"preview"
    policy = response.headers["Content-Security-Policy"]
    assert f"img-src 'self' {public_origin()};" in policy
    assert "script-src 'self';" in policy


def test_who_may_not_see_photos_gets_no_address_of_one() -> None:
    job = done_job()

    response = browser_of(make_operator("view_jobcoordinator")).get(page_of(job))

    assert pictures(response.content.decode()) == []
    assert "Before" not in panel(response, "Photos").headings
    assert "img-src 'self';" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("status", [JobStatus.CREATED, JobStatus.CANCELED])
def test_what_is_not_there_is_not_shown(browser: Client, status: JobStatus) -> None:
    assert pictures(browser.get(page_of(make_job(status))).content.decode()) == []


def test_photos_that_were_deleted_are_not_shown(browser: Client) -> None:
    job = done_job()
    services.delete_job(user_id=job.user_id, job_id=job.id)

    response = browser.get(page_of(job))

    assert pictures(response.content.decode()) == []
    assert "photos and results are deleted" in text_of(response)


def test_an_archived_job_shows_the_photos_of_its_history(browser: Client, settings: Any) -> None:
    settings.ARCHIVE_AFTER = DAY
    job = done_job()
    old = timezone.now() - 2 * DAY
    JobCoordinator.objects.filter(pk=job.pk).update(
        finished_at=old, created_at=old, queued_at=old, storage_deleted_at=old
    )
    assert archive_jobs() == 1

    photos = panel(browser.get(page_of(job)), "Photos")

    assert [(row[0], strip_tags(str(row[3]))) for row in photos.rows] == [
        (0, "done"),
        (1, "failed"),
    ]
    assert "photo 1 is broken" in photos.rows[1][6]


def test_a_worker_stays_beside_the_photo_that_it_made(browser: Client) -> None:
    photos = panel(browser.get(page_of(done_job())), "Photos")

    assert [row[4:6] for row in photos.rows] == [(1, "gpu-1:10"), (1, "gpu-1:10")]


def test_a_photo_of_a_canceled_job_is_nobodys_work_any_more(browser: Client) -> None:
    job = make_job(JobStatus.QUEUED, items=3)
    claim(job, 0, 1)
    report(job, 0)
    services.cancel_job(user_id=job.user_id, job_id=job.id)

    photos = panel(browser.get(page_of(job)), "Photos")

    assert [(strip_tags(str(row[3])), row[5]) for row in photos.rows] == [
        ("done", "gpu-1:10"),
        ("canceled", "gpu-1:10"),
        ("canceled", "–"),
    ]


def test_the_times_of_a_job_stand_in_their_order_with_who_did_what(browser: Client) -> None:
    job = make_job(JobStatus.RUNNING)
    desk = Actor(ActorKind.COMMAND, name="desk")
    services.cancel_job(user_id=job.user_id, job_id=job.id, by=desk, reason="asked by mail")

    times = panel(browser.get(page_of(job)), "What happened")

    said = [strip_tags(str(one.what)) for one in times.happenings]
    assert said[:2] == ["created", "executed: its photos are to be edited"]
    assert set(said[2:]) == {"ended: canceled", "job.canceled by desk"}
    assert "asked by mail" in [one.detail for one in times.happenings]
    assert times.happenings[1].after.startswith("after ")


def test_who_was_told_of_a_job_is_seen(browser: Client) -> None:
    user = make_user()
    create_webhook(user_id=user.id, url="https://shop.example.com/hooks")
    job, other = make_job(JobStatus.FAILED, user=user), make_job(JobStatus.DONE, user=user)

    told = panel(browser.get(page_of(job)), "Webhooks")

    assert [row[1] for row in told.rows] == ["job.failed"]
    assert [row[1] for row in panel(browser.get(page_of(other)), "Webhooks").rows] == ["job.done"]


def test_only_an_unfinished_job_brings_itself_up_to_date(browser: Client) -> None:
    running, done = make_job(JobStatus.RUNNING), make_job(JobStatus.DONE)

    assert 'data-live="5"' in browser.get(page_of(running)).content.decode()
    assert "data-live" not in browser.get(page_of(done)).content.decode()


def test_a_page_is_named_by_its_job(browser: Client) -> None:
    job = make_job()

    assert f"<h1>{job.public_id}</h1>" in browser.get(page_of(job)).content.decode()
