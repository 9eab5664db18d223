"""The operators' pages of jobs, rules and the history, and their first page."""

from django.contrib import admin

from jobs.admin.audit_run import AuditRunAdmin
from jobs.admin.dashboard import dashboard
from jobs.admin.history import JobLogAdmin
from jobs.admin.job import JobAdmin
from jobs.admin.rule import RuleAdmin
from jobs.admin.user import CustomerAdmin
from jobs.admin.webhook import WebhookAdmin
from jobs.admin.worker_host import WorkerHostAdmin

admin.site.dashboard = dashboard  # type: ignore[attr-defined]  # it is our site (s3project/admin/apps.py)
admin.site.sections = {  # type: ignore[attr-defined]  # as above
    "Work": ("jobs.jobcoordinator", "jobs.joblog", "jobs.rule", "jobs.webhook", "jobs.workerhost"),
    "People and money": (*("users.user", "users.billingevent", "users.reservation", "auth.group"),),
    "Records": ("acts.act", "admin.logentry", "jobs.auditrun"),
}
admin.site.chief = frozenset(  # type: ignore[attr-defined]  # as above
    {"jobs.jobcoordinator", "users.user", "users.billingevent", "acts.act"}
)

__all__ = [
    "AuditRunAdmin",
    "CustomerAdmin",
    "JobAdmin",
    "JobLogAdmin",
    "RuleAdmin",
    "WebhookAdmin",
    "WorkerHostAdmin",
]
