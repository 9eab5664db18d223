"""Jobs: their state, their photos and their money on one page."""

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs import keys
from jobs.admin.cancel import cancel_jobs, is_cancelable
from jobs.admin.delete import delete_photos, is_deletable
from jobs.admin.facts import JobFacts
from jobs.admin.filters import FinishedFilter, PresetFilter
from jobs.admin.progress import progress_bar
from jobs.models import JobCoordinator, JobItem, JobPackage
from jobs.states import JobStatus
from s3project import ids
from s3project.admin.page import Button, ReadOnlyAdmin
from s3project.admin.search import SearchById
from s3project.admin.tables import (
    NOTHING,
    Cell,
    Table,
    as_json,
    badge,
    code,
    moment,
    moment_column,
    object_name,
    prose,
    user_link,
    user_link_in_full,
)
from users.models import BillingEvent, Reservation
from users.models.reservation import job_ref


@admin.register(JobCoordinator)
class JobAdmin(JobFacts, ReadOnlyAdmin[JobCoordinator], SearchById[JobCoordinator]):
    """Read-only; to be canceled, and to be deleted from the storage."""

    list_display = (
        "job",
        "status_column",
        "progress_column",
        "user_column",
        moment_column("created_at", "created"),
        moment_column("finished_at", "finished"),
    )
    list_filter = ("status", FinishedFilter, PresetFilter, "created_at")
    ordering = ("-id",)
    search_fields = ("user__email",)
    search_help_text = "A user's email, or public ids: job_…, u_…, rule_…"
    id_lookups = {
        ids.JOB: lambda key: Q(pk=key),
        ids.USER: lambda key: Q(user_id=key),
        ids.RULE: lambda key: Q(rule_id=key),
    }
    actions = [cancel_jobs, delete_photos]
    acted_on = True
    fieldsets = (
        (None, {"fields": ("owner", ("status_column", "progress_column"), "record")}),
        ("Times", {"fields": (("created", "queued", "updated", "finished"),)}),
        ("Work", {"fields": (("preset", "rule", "output_template"), "work", "protected")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[JobCoordinator]:
        return super().get_queryset(request).select_related("user")

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.change_jobcoordinator")

    def has_delete_photos_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.delete_jobcoordinator")

    def buttons(self, request: HttpRequest, obj: JobCoordinator) -> Sequence[Button]:
        shown: list[Button] = []
        if is_cancelable(obj) and self.has_cancel_permission(request):
            shown.append(Button("Cancel this job…", "cancel_jobs"))
        if is_deletable(obj) and self.has_delete_photos_permission(request):
            shown.append(Button("Delete photos and results…", "delete_photos"))
        return tuple(shown)

    def tables(self, request: HttpRequest, obj: JobCoordinator) -> Sequence[Table]:
        made = [packages(obj)] if obj.status == JobStatus.DONE else []
        return [money(obj), items(obj), *made]

    # --- Columns -----------------------------------------------------------------------------

    @admin.display(description="job", ordering="id")
    def job(self, job: JobCoordinator) -> SafeString:
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

    @admin.display(description="final record")
    def record(self, job: JobCoordinator) -> SafeString | str:
        if not job.is_finished:
            return "Written when the job finishes."
        url = reverse("admin:jobs_joblog_change", args=[job.id])
        return format_html('<a href="{}">As it was when it finished</a>', url)

    @admin.display(description="queued (UTC)")
    def queued(self, job: JobCoordinator) -> str:
        return moment(job.queued_at)

    @admin.display(description="last change (UTC)")
    def updated(self, job: JobCoordinator) -> str:
        return moment(job.updated_at)

    @admin.display(description="concepts")
    def work(self, job: JobCoordinator) -> SafeString | str:
        return as_json(job.concepts) if job.concepts else NOTHING

    @admin.display(description="protect")
    def protected(self, job: JobCoordinator) -> str:
        return ", ".join(job.protect) or NOTHING


def money(job: JobCoordinator) -> Table:
    """What the job holds and what it has cost. Found through the user: the ledger is indexed so."""
    reservation = Reservation.objects.filter(pk=job.id).first()
    events = BillingEvent.objects.filter(user_id=job.user_id, ref=job_ref(job.id)).order_by(
        "created_at", "id"
    )
    held: Cell = "no reservation"
    if reservation is not None:
        outcome = reservation.outcome or "open"
        since = moment(reservation.released_at or reservation.reserved_at)
        held = format_html(
            "Reservation of {} credits: {} since {} UTC",
            reservation.item_count,
            badge(outcome),
            since,
        )
    return Table(
        title="Money",
        headings=("When (UTC)", "Type", "Amount", "Balance after"),
        rows=[
            (moment(e.created_at), badge(e.type), f"{e.amount:+d}", e.balance_after) for e in events
        ],
        empty="No billing event names this job.",
        more=str(held),
    )


def items(job: JobCoordinator) -> Table:
    """All items, in order: 200 at most."""
    return Table(
        title=f"Photos ({job.total_items})",
        headings=("#", "Status", "Attempt", "Lease", "Error or warnings", "Input", "Result"),
        rows=[
            (
                item.idx,
                badge(item.status),
                item.attempt or NOTHING,
                lease(item),
                prose(item.error or "; ".join(item.warnings)),
                object_name(item.input_key),
                object_name(item.output_key),
            )
            for item in job.items.order_by("idx")
        ],
        empty="No items.",
        more=f"Stored below {keys.input_prefix(job.user_id, job.id)}, outputs/… and previews/…",
    )


def packages(job: JobCoordinator) -> Table:
    """Of a done job: at most one of each template."""
    return Table(
        title="Packages",
        headings=("Template", "Edition", "Status", "Attempt", "Lease", "Files", "Bytes", "Error"),
        rows=[
            (
                package.template,
                package.edition,
                badge(package.status),
                package.attempt or NOTHING,
                lease(package),
                package.files or NOTHING,
                package.bytes or NOTHING,
                prose(package.error),
            )
            for package in job.packages.order_by("id")
        ],
        empty="Nobody asked for one.",
        more=f"Stored below {keys.packages_prefix(job.user_id, job.id)}",
    )


def lease(item: JobItem | JobPackage) -> str:
    """Who has the item or package, and for how long yet."""
    if item.lease_expires_at is None:
        return NOTHING
    left = int((item.lease_expires_at - timezone.now()).total_seconds())
    holder = item.claimed_by or "in the queue"
    return f"{holder}, {left} s left" if left > 0 else f"{holder}, ran out"
