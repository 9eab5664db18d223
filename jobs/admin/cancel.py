"""Canceling jobs from the admin, through the service that the API uses."""

from django.contrib import admin, messages
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from jobs.admin.progress import progress_text
from jobs.errors import AlreadyCanceled, InvalidTransition
from jobs.lifecycle import services
from jobs.models import JobCoordinator
from jobs.states import TRANSITIONS, JobStatus
from s3project.acts.actor import Actor
from s3project.admin import confirmation
from s3project.admin.page import PageAdmin
from s3project.admin.tables import Table, badge, job_link, user_link


@admin.action(description="Cancel", permissions=["cancel"])
def cancel_jobs(
    model_admin: PageAdmin[JobCoordinator],
    request: HttpRequest,
    queryset: QuerySet[JobCoordinator],
) -> TemplateResponse | None:
    """Asks first; then cancels one by one and says what became of each."""
    jobs = confirmation.chosen(model_admin, request, queryset, noun="jobs")
    if jobs is None:
        return None
    reason = confirmation.given_reason(request)
    if reason is None and any(is_cancelable(job) for job in jobs):
        return _ask(model_admin, request, jobs)
    for job in jobs:
        _cancel(model_admin, request, job, reason or "")
    return None


def is_cancelable(job: JobCoordinator) -> bool:
    return JobStatus.CANCELED in TRANSITIONS[JobStatus(job.status)]


def _cancel(
    model_admin: PageAdmin[JobCoordinator], request: HttpRequest, job: JobCoordinator, reason: str
) -> None:
    try:
        _, settlement = services.cancel_job(
            user_id=job.user_id, job_id=job.id, by=Actor.operator(request), reason=reason
        )
    except AlreadyCanceled:
        level, text = messages.WARNING, f"Nothing to do: {job} is already canceled."
    except InvalidTransition:
        level, text = messages.WARNING, f"Not canceled: {job} is done."
    except OperationalError:
        level, text = messages.ERROR, f"Not canceled: {job} is busy right now, try again."
    else:
        level = messages.SUCCESS
        text = f"Canceled {job}: {settlement.refunded} credits refunded."
        model_admin.log_change(request, job, text)
    model_admin.message_user(request, text, level)


def _ask(
    model_admin: PageAdmin[JobCoordinator], request: HttpRequest, jobs: list[JobCoordinator]
) -> TemplateResponse:
    count = sum(map(is_cancelable, jobs))
    return confirmation.ask(
        model_admin,
        request,
        action="cancel_jobs",
        title="Cancel this job?" if count == 1 else f"Cancel {count} jobs?",
        warning="This cannot be undone. The photos made so far are deleted; the user gets back "
        "every credit of a job that was not finished.",
        table=Table(
            title="What will happen",
            headings=("Job", "User", "Status", "Progress", "Effect"),
            rows=[
                (
                    job_link(job.id),
                    user_link(job.user_id, job.user.email),
                    badge(job.status),
                    progress_text(job.progress),
                    _effect(job),
                )
                for job in jobs
            ],
            empty="No job is selected.",
        ),
        selected=[job.pk for job in jobs],
        button="Cancel the job" if count == 1 else f"Cancel the {count} jobs",
    )


def _effect(job: JobCoordinator) -> str:
    if job.status == JobStatus.DONE:
        return "none: it is done"
    if job.status == JobStatus.CANCELED:
        return "none: it is canceled already"
    if job.is_finished:
        return "renamed; its credits were given back when it failed"
    return f"{job.total_items} credits go back to the user"
