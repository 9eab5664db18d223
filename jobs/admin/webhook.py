"""Webhooks, to look at: whether they work, and what was sent last. No secret is shown."""

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.safestring import SafeString

from jobs.models import Webhook
from s3project import ids
from s3project.admin.page import ReadOnlyAdmin
from s3project.admin.search import SearchById
from s3project.admin.tables import (
    NOTHING,
    Table,
    badge,
    code,
    job_link,
    moment,
    moment_column,
    user_link,
    user_link_in_full,
)
from users.models import User

SHOWN = 50


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin[Webhook], SearchById[Webhook]):
    is_small = True
    list_display = (
        "public_id_column",
        "user_column",
        "url",
        "state",
        moment_column("failing_since", "failing since"),
        moment_column("last_success_at", "last success"),
        moment_column("created_at", "created"),
    )
    list_filter = ("enabled", "created_at")
    list_prefetch_related = ("user",)
    ordering = ("-id",)
    search_fields = ("user__email",)
    search_help_text = "A user's email, or public ids: wh_…, u_…"
    id_lookups = {
        ids.WEBHOOK: lambda between: Q(pk__range=between),
        ids.USER: lambda between: Q(user__id__range=between),
    }
    id_ends = {ids.USER: User}
    fields = ("public_id_column", "owner", "url", "description", "wanted", "state", "created")

    def panels(self, request: HttpRequest, obj: Webhook) -> Sequence[Table]:
        """The newest deliveries."""
        rows = [
            (
                code(row.public_id),
                row.type,
                job_link(row.job_id) if row.job_id else NOTHING,
                badge(row.status),
                row.attempts,
                row.response_status or NOTHING,
                row.error or NOTHING,
                moment(row.created_at),
            )
            for row in obj.deliveries.order_by("-created_at", "-id")[:SHOWN]
        ]
        head = ("delivery", "event", "job", "status", "tries", "answer", "error", "when (UTC)")
        return [Table(f"Deliveries, the last {SHOWN}", head, rows, "Nothing was sent.")]

    @admin.display(description="webhook", ordering="id")
    def public_id_column(self, webhook: Webhook) -> SafeString:
        return code(webhook.public_id)

    @admin.display(description="user")
    def user_column(self, webhook: Webhook) -> SafeString:
        return user_link(webhook.user_id, webhook.user.email)

    @admin.display(description="user")
    def owner(self, webhook: Webhook) -> SafeString:
        return user_link_in_full(webhook.user_id, webhook.user.email)

    @admin.display(description="events")
    def wanted(self, webhook: Webhook) -> str:
        return ", ".join(webhook.events)

    @admin.display(description="state")
    def state(self, webhook: Webhook) -> SafeString:
        return badge("on" if webhook.enabled else f"off: {webhook.off_reason}")

    @admin.display(description="created (UTC)")
    def created(self, webhook: Webhook) -> str:
        return moment(webhook.created_at)
