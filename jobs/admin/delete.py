"""Deleting a job's photos and results from the admin, through the service that the API uses."""

from django.contrib import admin, messages
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from jobs.errors import StillAtWork
from jobs.lifecycle import services
from jobs.models import JobCoordinator
from s3project.acts.actor import Actor
from s3project.admin import confirmation
from s3project.admin.page import PageAdmin
from s3project.admin.tables import Table, badge, job_link, user_link


@admin.action(description="Delete photos and results", permissions=["delete_photos"])
def delete_photos(
    model_admin: PageAdmin[JobCoordinator],
    request: HttpRequest,
    queryset: QuerySet[JobCoordinator],
) -> TemplateResponse | None:
    """Asks why first; then deletes those of one after the other and says what became of each."""
    jobs = confirmation.chosen(model_admin, request, queryset, noun="jobs")
    if jobs is None:
        return None
    reason = confirmation.given_reason(request)
    if reason is None and any(is_deletable(job) for job in jobs):
        return _ask(model_admin, request, jobs)
    for job in jobs:
        _delete(model_admin, request, job, reason or "")
    return None


def is_deletable(job: JobCoordinator) -> bool:
    return job.is_finished and job.deleted_at is None


def _delete(
    model_admin: PageAdmin[JobCoordinator], request: HttpRequest, job: JobCoordinator, reason: str
) -> None:
    level, text = messages.WARNING, f"Nothing to do: the photos of {job} are deleted already."
    try:
        if services.delete_job(
            user_id=job.user_id, job_id=job.id, by=Actor.operator(request), reason=reason
        ):
            level, text = messages.SUCCESS, f"Deleted photos and results of {job}."
            model_admin.log_change(request, job, text)
    except StillAtWork:
        text = f"Not deleted: {job} is not finished."
    except OperationalError:
        level, text = messages.ERROR, f"Not deleted: {job} is busy right now, try again."
    model_admin.message_user(request, text, level)


def _ask(
    model_admin: PageAdmin[JobCoordinator], request: HttpRequest, jobs: list[JobCoordinator]
) -> TemplateResponse:
    return confirmation.ask(
        model_admin,
        request,
        action="delete_photos",
        title="Delete photos and results?",
        warning="This cannot be undone. The user gets no credits back; photos that another job of "
        "the user is made of stay for it.",
        table=Table(
            title="What will happen",
            headings=("Job", "User", "Status", "Effect"),
            rows=[
                (
                    job_link(job.id),
                    user_link(job.user_id, job.user.email),
                    badge(job.status),
                    "photos, results and masks go" if is_deletable(job) else "none",
                )
                for job in jobs
            ],
            empty="No job is selected.",
        ),
        selected=[job.pk for job in jobs],
        button="Delete photos and results",
    )
