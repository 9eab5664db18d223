"""The periodic audits: whether everything adds up."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from jobs.models import AuditRun
from s3project.admin.page import ReadOnlyAdmin
from s3project.admin.tables import Table, badge, moment, moment_column


@admin.register(AuditRun)
class AuditRunAdmin(ReadOnlyAdmin[AuditRun]):
    is_small = True
    list_display = (moment_column("started_at", "started"), "outcome", "rows", "took", "found")
    ordering = ("-started_at",)
    fields = (("started", "outcome"), ("rows", "took"))

    def panels(self, request: HttpRequest, obj: AuditRun) -> Sequence[Table]:
        return [
            Table(
                title="Violations",
                headings=("Check", "Number", "For example"),
                rows=[
                    (name, found["count"], ", ".join(found["examples"]))
                    for name, found in obj.violations.items()
                ],
                empty="Everything adds up.",
            )
        ]

    @admin.display(description="started (UTC)")
    def started(self, audit: AuditRun) -> str:
        return moment(audit.started_at)

    @admin.display(description="outcome")
    def outcome(self, audit: AuditRun) -> SafeString:
        return badge("failed" if audit.violations else "done")

    @admin.display(description="took", ordering="seconds")
    def took(self, audit: AuditRun) -> str:
        return f"{audit.seconds:.1f} s"

    @admin.display(description="violations")
    def found(self, audit: AuditRun) -> str:
        return str(audit)
