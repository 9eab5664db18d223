"""The history tables: what finished jobs were."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from jobs import keys
from jobs.admin.facts import JobFacts
from jobs.admin.filters import EndFilter, PresetFilter
from jobs.admin.lookups import jobs_of_rule
from jobs.models import JobCoordinator, JobItemLog, JobLog
from s3project import ids
from s3project.admin.page import ReadOnlyAdmin
from s3project.admin.search import SearchById
from s3project.admin.tables import (
    NOTHING,
    Table,
    as_json,
    badge,
    code,
    job_link,
    moment_column,
    object_name,
    prose,
    user_link,
    user_link_in_full,
)
from users.models import User


@admin.register(JobLog)
class JobLogAdmin(JobFacts, ReadOnlyAdmin[JobLog], SearchById[JobLog]):
    """`job_items_log` is shown with its job: Django's admin takes no composite primary key."""

    list_display = (
        "public_id_column",
        "user",
        "status_column",
        "preset",
        "cost_estimate",
        moment_column("created_at", "created", ordering="job_id"),
        moment_column("finished_at", "finished"),
        "error",
    )
    list_filter = (EndFilter, PresetFilter, "created_at")
    ordering = ("-job_id",)
    # Only shows the search box; search_text decides.
    search_fields = ("user_id",)
    search_help_text = (
        "A user's email, or public ids or their beginnings: job_…, u_…, rule_…, or six or more "
        "digits of the end of a job's or a user's"
    )
    id_lookups = {
        ids.JOB: lambda between: Q(job_id__range=between),
        ids.USER: lambda between: Q(user_id__range=between),
        ids.RULE: jobs_of_rule,
    }
    id_ends = {ids.JOB: JobCoordinator, ids.USER: User}
    fieldsets = (
        (None, {"fields": ("job", "owner", "status_column", "error", ("created", "finished"))}),
        ("Work", {"fields": (("preset", "rule", "cost_estimate"), "work", "protected", "other")}),
    )

    def search_text(
        self, request: HttpRequest, queryset: QuerySet[Any], text: str
    ) -> tuple[QuerySet[JobLog], bool]:
        """By email, without a join: the history has no foreign keys."""
        if text:
            users = User.objects.filter(email__icontains=text)
            queryset = queryset.filter(user_id__in=users.values("pk"))
        return queryset, False

    def panels(self, request: HttpRequest, obj: JobLog) -> Sequence[Table]:
        return [items(obj)]

    @admin.display(description="job", ordering="job_id")
    def public_id_column(self, log: JobLog) -> SafeString:
        return code(ids.public_id(ids.JOB, log.job_id))

    @admin.display(description="job")
    def job(self, log: JobLog) -> SafeString:
        return job_link(log.job_id)

    @admin.display(description="user", ordering="user_id")
    def user(self, log: JobLog) -> SafeString:
        return user_link(log.user_id)

    @admin.display(description="user")
    def owner(self, log: JobLog) -> SafeString:
        return user_link_in_full(log.user_id)

    @admin.display(description="concepts")
    def work(self, log: JobLog) -> SafeString | str:
        return as_json(log.concepts_json) if log.concepts_json else NOTHING

    @admin.display(description="protect")
    def protected(self, log: JobLog) -> str:
        return ", ".join(log.protect_json) or NOTHING

    @admin.display(description="parameters")
    def other(self, log: JobLog) -> SafeString:
        return as_json(log.params_json)


def items(log: JobLog) -> Table:
    """Every photo of the job, as it was when the job finished."""
    rows = JobItemLog.objects.filter(job_id=log.job_id).order_by("idx")
    return Table(
        title="Photos",
        headings=("#", "Status", "Error", "Input", "Result", "Preview"),
        rows=[
            (
                item.idx,
                badge(item.status),
                prose(item.error),
                object_name(item.input_key),
                object_name(item.output_key),
                object_name(item.preview_key),
            )
            for item in rows
        ],
        empty="No photo of this job is in the history.",
        more=f"Stored below {keys.input_prefix(log.user_id, log.job_id)}, outputs/… and previews/…",
    )
