"""What a job and its final record show alike."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from s3project import ids
from s3project.admin.tables import NOTHING, badge, code, job_link, moment


class JobFacts:
    """Columns and fields of JobCoordinator and JobLog, which name these facts the same."""

    @admin.display(description="status", ordering="status")
    def status_column(self, job: Any) -> SafeString:
        return badge(job.status)

    @admin.display(description="created (UTC)")
    def created(self, job: Any) -> str:
        return moment(job.created_at)

    @admin.display(description="finished (UTC)")
    def finished(self, job: Any) -> str:
        return moment(job.finished_at)

    def record_link(self, job: Any) -> SafeString:
        url = reverse("admin:jobs_joblog_change", args=[job.id])
        return format_html('<a href="{}">As it was when it finished</a>', url)

    def source_link(self, job_id: UUID | None) -> SafeString | str:
        return job_link(job_id) if job_id else "its own upload"

    @admin.display(description="rule")
    def rule(self, job: Any) -> SafeString | str:
        return code(ids.public_id(ids.RULE, job.rule_id)) if job.rule_id else NOTHING
