"""A user's page with what is known of the user's jobs, and the export, which has them too."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from jobs.admin.job_times import age, took
from jobs.admin.progress import progress_bar
from jobs.lifecycle.export import export_user, note_export
from jobs.models import JobCoordinator, Webhook
from s3project import ids
from s3project.acts.actor import Actor
from s3project.acts.models import Act
from s3project.admin.tables import (
    NOTHING,
    Table,
    act_link,
    badge,
    job_link,
    list_link,
    moment,
    prose,
    webhook_link,
)
from users.admin.deeds import UserDeed
from users.admin.user import UserAdmin
from users.models import User

NEWEST = 10


class ExportUser(UserDeed):
    name, label, permission = "export_user", "Export", "export"
    warning = "A file with all that is kept of the user but photos, secrets and digests."
    at_once = 1

    def obstacle(self, row: User) -> str:
        return "" if hasattr(row, "limiter") else super().obstacle(row)

    def act(self, request: HttpRequest, row: User, given: Mapping[str, Any]) -> str:
        note_export(user_id=row.pk, by=Actor.operator(request), reason=given["reason"])
        return f"Exported what is kept of {row}."

    def answer(self, request: HttpRequest, row: User, given: Mapping[str, Any]) -> HttpResponseBase:
        return StreamingHttpResponse(
            export_user(user_id=row.pk),
            content_type="application/json",
            headers={
                "Content-Disposition": content_disposition_header(True, f"{row.public_id}.json")
            },
        )


@admin.register(User)
class CustomerAdmin(UserAdmin):
    deeds = (*UserAdmin.deeds, ExportUser())
    actions = deeds
    id_ends = {ids.USER: User, ids.JOB: JobCoordinator}

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("users.export_user")

    def panels(self, request: HttpRequest, obj: User) -> Sequence[Any]:
        known = super().panels(request, obj)
        return [newest_jobs(obj), *known, webhooks(obj), acts(obj)] if known else [acts(obj)]


def newest_jobs(user: User) -> Table:
    jobs = JobCoordinator.objects.owned_by(user.pk).order_by("-created_at", "-id")[:NEWEST]
    return Table(
        title=f"Jobs, newest {NEWEST}",
        headings=("Job", "Status", "Progress", "Age", "Took"),
        rows=[
            (job_link(job.id), badge(job.status), progress_bar(job.progress), age(job), took(job))
            for job in jobs
        ],
        empty="The user has made no job.",
        more=list_link("jobs_jobcoordinator", user.public_id, "All jobs of this user"),
    )


def webhooks(user: User) -> Table:
    return Table(
        title="Webhooks",
        headings=("Webhook", "URL", "State", "Failing since (UTC)", "Last success (UTC)"),
        rows=[
            (
                webhook_link(hook.id),
                prose(hook.url),
                badge("on" if hook.enabled else f"off: {hook.off_reason}"),
                moment(hook.failing_since),
                moment(hook.last_success_at),
            )
            for hook in Webhook.objects.owned_by(user.pk)
        ],
        empty="The user has none.",
    )


def acts(user: User) -> Table:
    """What was done to the account, newest first."""
    found = Act.objects.filter(object_id=user.public_id).order_by("-id")[:NEWEST]
    return Table(
        title=f"Audit log, newest {NEWEST}",
        headings=("When (UTC)", "Act", "By", "Reason"),
        rows=[
            (
                moment(act.created_at),
                act_link(act.id, act.action),
                act.actor_name or act.actor_kind,
                prose(act.reason) if act.reason else NOTHING,
            )
            for act in found
        ],
        empty="Nothing was done to this account.",
        more=list_link("acts_act", user.public_id, "All acts of and upon this user"),
    )
