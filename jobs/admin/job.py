"""Jobs: their state, their photos and their money on one page."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from jobs.admin.deeds import DEEDS
from jobs.admin.facts import JobFacts
from jobs.admin.filters import FinishedFilter, PresetFilter, TroubleFilter
from jobs.admin.job_figures import figures
from jobs.admin.job_money import money
from jobs.admin.job_order import order
from jobs.admin.job_packages import packages
from jobs.admin.job_photos import photos
from jobs.admin.job_sent import deliveries
from jobs.admin.job_times import age, timeline, took
from jobs.admin.lookups import jobs_of_delivery, jobs_of_rule
from jobs.admin.progress import progress_bar
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.storage.bucket import public_origin
from jobs.watch.finding import MOST, jobs_by_error, jobs_by_metadata
from s3project import ids
from s3project.admin.middleware import IMAGES_FROM
from s3project.admin.page import Button, ReadOnlyAdmin
from s3project.admin.search import SearchById
from s3project.admin.tables import (
    NOTHING,
    as_json,
    code,
    moment_column,
    short_code,
    user_link,
    user_link_in_full,
)
from users.models import User

LIVE_SECONDS = 5


@admin.register(JobCoordinator)
class JobAdmin(JobFacts, ReadOnlyAdmin[JobCoordinator], SearchById[JobCoordinator]):
    """Read-only: what is done to a job is done by `deeds.py`, through the services."""

    list_display = (
        "job",
        "status_column",
        "progress_column",
        "user_column",
        "preset",
        "age_column",
        "took_column",
        moment_column("created_at", "created", ordering="id"),
    )
    list_filter = ("status", FinishedFilter, TroubleFilter, PresetFilter, "created_at")
    ordering = ("-id",)
    # Any other order would sort the whole table.
    sortable_by = ("job",)
    # Only shows the search box; search_text decides.
    search_fields = ("user__email",)
    search_help_text = (
        "The beginning of an id (job_…, u_…, rule_…, msg_… of a webhook), or six or more digits of "
        "the end of a job's or a user's; or an email, a value of the metadata, key=value, or the "
        "text of an error"
    )
    id_lookups = {
        ids.JOB: lambda between: Q(pk__range=between),
        ids.USER: lambda between: Q(user__id__range=between),
        ids.RULE: jobs_of_rule,
        ids.DELIVERY: jobs_of_delivery,
    }
    id_ends = {ids.JOB: JobCoordinator, ids.USER: User}
    actions = DEEDS
    acted_on = True
    fieldsets = (
        (None, {"fields": ("public_id_column", "owner", "record")}),
        ("Work", {"fields": (("preset", "rule", "output_template"), "source", "metadata_column")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[JobCoordinator]:
        return super().get_queryset(request).select_related("user")

    def search_text(
        self, request: HttpRequest, queryset: QuerySet[Any], text: str
    ) -> tuple[QuerySet[JobCoordinator], bool]:
        """Looked up first, each where it has an index; a join over all jobs would have none."""
        text = text.strip()
        if not text:
            return queryset, False
        owners = User.objects.filter(email__isnull=False, email__icontains=text)
        found = Q(user_id__in=list(owners.values_list("pk", flat=True)[:MOST]))
        found |= Q(pk__in=[*jobs_by_metadata(text), *([] if "@" in text else jobs_by_error(text))])
        return queryset.filter(found), False

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.change_jobcoordinator")

    def has_help_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.change_jobcoordinator")

    def has_bill_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("users.bill_user")

    def has_delete_photos_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.delete_jobcoordinator")

    def sees_photos(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.view_photos")

    def buttons(self, request: HttpRequest, obj: JobCoordinator) -> Sequence[Button]:
        allowed = [d for d in DEEDS if getattr(self, f"has_{d.permission}_permission")(request)]
        return [button for deed in allowed if (button := deed.on_page(obj))]

    def live_seconds(self, obj: JobCoordinator) -> int:
        return 0 if obj.is_finished else LIVE_SECONDS

    def head(self, request: HttpRequest, obj: JobCoordinator) -> Sequence[Any]:
        return [figures(obj)]

    def panels(self, request: HttpRequest, obj: JobCoordinator) -> Sequence[Any]:
        made = [packages(obj)] if obj.status == JobStatus.DONE else []
        return [
            photos(obj, with_pictures=self.sees_photos(request)),
            order(obj),
            money(obj),
            *made,
            timeline(obj),
            deliveries(obj),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        response = super().change_view(request, object_id, form_url, extra_context)
        if self.sees_photos(request):
            setattr(response, IMAGES_FROM, public_origin())
        return response

    # --- Columns -----------------------------------------------------------------------------

    @admin.display(description="job", ordering="id")
    def job(self, job: JobCoordinator) -> SafeString:
        return short_code(job.public_id)

    @admin.display(description="job")
    def public_id_column(self, job: JobCoordinator) -> SafeString:
        return code(job.public_id)

    @admin.display(description="user")
    def user_column(self, job: JobCoordinator) -> SafeString:
        return user_link(job.user_id, job.user.email)

    @admin.display(description="user")
    def owner(self, job: JobCoordinator) -> SafeString:
        return user_link_in_full(job.user_id, job.user.email)

    @admin.display(description="progress")
    def progress_column(self, job: JobCoordinator) -> SafeString:
        return progress_bar(job.progress)

    @admin.display(description="age")
    def age_column(self, job: JobCoordinator) -> str:
        return age(job)

    @admin.display(description="took")
    def took_column(self, job: JobCoordinator) -> str:
        return took(job)

    @admin.display(description="final record")
    def record(self, job: JobCoordinator) -> SafeString | str:
        return self.record_link(job) if job.is_finished else "Written when the job finishes."

    @admin.display(description="photos of")
    def source(self, job: JobCoordinator) -> SafeString | str:
        return self.source_link(job.source_job_id)

    @admin.display(description="metadata")
    def metadata_column(self, job: JobCoordinator) -> SafeString | str:
        return as_json(job.metadata) if job.metadata else NOTHING
