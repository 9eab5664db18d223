"""The machines whose workers claim photos, all that are remembered."""

from django.contrib import admin

from jobs.models import WorkerHost
from s3project.admin.page import ReadOnlyAdmin
from s3project.admin.tables import moment, moment_column


@admin.register(WorkerHost)
class WorkerHostAdmin(ReadOnlyAdmin[WorkerHost]):
    is_small = True
    list_display = (
        "host",
        "backend",
        moment_column("first_seen_at", "first seen"),
        moment_column("seen_at", "last claim"),
    )
    ordering = ("-seen_at",)
    search_fields = ("host",)
    fields = ("host", "backend", "finds", "last_claim")

    @admin.display(description="finds")
    def finds(self, host: WorkerHost) -> str:
        return "any name" if host.concepts is None else ", ".join(host.concepts)

    @admin.display(description="last claim (UTC)")
    def last_claim(self, host: WorkerHost) -> str:
        return moment(host.seen_at)
