"""A ticket opens the events of one job, for an hour, as long as what it was made with is good."""

import time
from dataclasses import replace

import pytest
from django.conf import settings

from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.factories import make_job, poll
from jobs.tickets import LIFETIME, Ticket, read_ticket
from s3project.acts.actor import SYSTEM
from s3project.testing.api import Answer, Api
from users import services
from users.api.auth import issue_token
from users.api_keys import create_api_key, delete_api_key
from users.models import Session
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

KEYS = ["one key of thirty-two bytes, here", "another key of so many bytes, too"]


def watch(job: JobCoordinator, ticket: str, api: Api | None = None) -> Answer:
    return (api or Api()).get(f"/jobs/{job.public_id}/events?ticket={ticket}")


def ticket_of(api: Api, job: JobCoordinator) -> str:
    """From the answer of a poll."""
    url: str = api.get(f"/jobs/{job.public_id}").data["events_url"]
    path, _, ticket = url.partition("?ticket=")
    assert path == f"/jobs/{job.public_id}/events"
    return ticket


def made(job: JobCoordinator, **changes: object) -> str:
    ticket = Ticket(job.id, job.user_id, None, None, int(time.time()) + 60)
    return replace(ticket, **changes).to_text(settings.TICKET_KEYS)  # type: ignore[arg-type]  # by name


def test_a_ticket_says_what_it_was_made_for_to_who_has_the_key() -> None:
    job = make_job(JobStatus.DONE)
    ticket = Ticket(job.id, job.user_id, job.id, None, 2_000_000_000)
    other = replace(ticket, session_id=None, key_id=job.id)

    for one in (ticket, other, replace(other, key_id=None)):
        assert read_ticket(one.to_text(KEYS), keys=KEYS[:1]) == one
        assert read_ticket(one.to_text(KEYS), keys=KEYS[1:]) is None


def test_the_ticket_of_a_poll_opens_its_events_and_lasts_most_of_an_hour() -> None:
    job = make_job(JobStatus.DONE)
    text = ticket_of(api_of(job.user), job)

    assert watch(job, text).status == 200
    ticket = read_ticket(text, keys=settings.TICKET_KEYS)
    assert ticket
    assert LIFETIME - 15 * 60 - 5 < ticket.expires_at - time.time() <= LIFETIME


def test_a_ticket_is_refused_when_it_has_expired_is_altered_or_for_another_job() -> None:
    job = make_job(JobStatus.DONE)
    mine = make_job(JobStatus.DONE, user=job.user)
    good = made(job)

    assert watch(job, good).status == 200
    assert watch(mine, good).refusal == (401, "TOKEN_INVALID")
    assert watch(job, made(job, expires_at=int(time.time()) - 1)).refusal == (401, "TOKEN_EXPIRED")
    damaged = (good[:-1], good[:-1] + ("A" if good[-1] != "A" else "B"), good.replace(".", ""))
    others = (*damaged, good.removeprefix("et_"), "et_", "et_.", "", "null", "wt_a.b", "et_é.b")
    for text in others:
        assert watch(job, text).refusal == (401, "TOKEN_INVALID"), text


def test_a_ticket_of_a_stranger_for_a_job_that_is_not_theirs_opens_nothing() -> None:
    """As it would be after a forged one: ownership is asked of the database."""
    job = make_job(JobStatus.DONE)

    assert watch(job, made(job, user_id=make_user().id)).refusal == (404, "JOB_NOT_FOUND")


def test_a_good_token_beside_a_bad_ticket_opens_nothing() -> None:
    job = make_job(JobStatus.DONE)

    assert watch(job, "et_x.y", api_of(job.user)).refusal == (401, "TOKEN_INVALID")


def test_a_sign_out_ends_the_tickets_of_its_session_and_no_others() -> None:
    job = make_job(JobStatus.DONE)
    sessions = [Session.objects.open(job.user_id)[0].id for _ in range(2)]
    one, other = (ticket_of(Api(issue_token(job.user, each)), job) for each in sessions)

    Session.objects.revoke(sessions[0])

    assert watch(job, one).refusal == (401, "TOKEN_INVALID")
    assert watch(job, other).status == 200


def test_a_key_that_was_deleted_ends_its_tickets() -> None:
    job = make_job(JobStatus.DONE)
    row, key = create_api_key(user_id=job.user_id, name="server")
    text = ticket_of(Api(key), job)
    assert watch(job, text).status == 200

    delete_api_key(user_id=job.user_id, key_id=row.id)

    assert watch(job, text).refusal == (401, "TOKEN_INVALID")


def test_a_user_who_was_deactivated_has_no_ticket_any_more() -> None:
    job = make_job(JobStatus.DONE)
    text = ticket_of(api_of(job.user), job)
    job.user.is_active = False
    job.user.save(update_fields=["is_active"])

    assert watch(job, text).refusal == (401, "TOKEN_INVALID")


def test_a_deleted_account_has_no_ticket_any_more() -> None:
    job = make_job(JobStatus.DONE)
    text = ticket_of(api_of(job.user), job)

    services.delete_user(user_id=job.user_id, actor=SYSTEM)

    assert watch(job, text).refusal == (401, "TOKEN_INVALID")


def test_tickets_stay_the_same_while_urls_do() -> None:
    job = make_job(JobStatus.QUEUED)

    assert poll(job).data["events_url"] == poll(job).data["events_url"]
