"""The ledger and the reservations of all users, to browse."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from s3project import ids
from s3project.admin.page import ReadOnlyAdmin
from s3project.admin.search import SearchById
from s3project.admin.tables import (
    Cell,
    badge,
    code,
    job_link,
    moment,
    moment_column,
    ref_link,
    user_link,
)
from users.models import BillingEvent, Reservation, User
from users.models.ledger import of_jobs
from users.models.reservation import job_ref


@admin.register(BillingEvent)
class BillingEventAdmin(ReadOnlyAdmin[BillingEvent], SearchById[BillingEvent]):
    list_display = (
        moment_column("created_at", "when", ordering="id"),
        "user_column",
        "type_column",
        "signed_amount",
        "balance_after",
        "belongs_to",
    )
    list_filter = ("type", "created_at")
    list_select_related = ("user",)
    fields = (
        "when", "user_column", "type_column", "signed_amount", "balance_after", "belongs_to", "id",
    )  # fmt: skip
    ordering = ("-id",)
    search_fields = ("user__email",)
    search_help_text = "A user's email, or public ids: u_…, job_…"
    id_lookups = {
        ids.USER: lambda between: Q(user__id__range=between),
        ids.JOB: lambda between: of_jobs(*between),
    }
    id_ends = {ids.USER: User}

    @admin.display(description="when (UTC)")
    def when(self, event: BillingEvent) -> str:
        return moment(event.created_at)

    @admin.display(description="user")
    def user_column(self, event: BillingEvent) -> SafeString:
        return user_link(event.user_id, event.user.email)

    @admin.display(description="type")
    def type_column(self, event: BillingEvent) -> SafeString:
        return badge(event.type)

    @admin.display(description="amount", ordering="amount")
    def signed_amount(self, event: BillingEvent) -> str:
        return f"{event.amount:+d}"

    @admin.display(description="for", ordering="ref")
    def belongs_to(self, event: BillingEvent) -> Cell:
        return ref_link(event.ref)


class OpenFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Open"), ("no", "Released")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Reservation]
    ) -> QuerySet[Reservation]:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(released_at__isnull=self.value() == "yes")


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin[Reservation], SearchById[Reservation]):
    list_display = (
        "public_id_column",
        "user_column",
        "item_count",
        moment_column("reserved_at", "reserved", ordering="job_id"),
        moment_column("released_at", "released"),
        "state",
    )
    list_filter = (OpenFilter, "reserved_at")
    list_select_related = ("limiter__user",)
    fields = ("job", "user_column", "item_count", "reserved", "released", "state")
    ordering = ("-job_id",)
    search_fields = ("limiter__user__email",)
    search_help_text = "A user's email, or public ids: u_…, job_…"
    id_lookups = {
        ids.USER: lambda between: Q(limiter__user__id__range=between),
        ids.JOB: lambda between: Q(job_id__range=between),
    }
    id_ends = {ids.USER: User}

    @admin.display(description="job", ordering="job_id")
    def public_id_column(self, reservation: Reservation) -> SafeString:
        return code(job_ref(reservation.job_id))

    @admin.display(description="job")
    def job(self, reservation: Reservation) -> SafeString:
        return job_link(reservation.job_id)

    @admin.display(description="user")
    def user_column(self, reservation: Reservation) -> SafeString:
        return user_link(reservation.limiter_id, reservation.limiter.user.email)

    @admin.display(description="reserved (UTC)")
    def reserved(self, reservation: Reservation) -> str:
        return moment(reservation.reserved_at)

    @admin.display(description="released (UTC)")
    def released(self, reservation: Reservation) -> str:
        return moment(reservation.released_at)

    @admin.display(description="outcome", ordering="outcome")
    def state(self, reservation: Reservation) -> SafeString:
        return badge(reservation.outcome or "open")
