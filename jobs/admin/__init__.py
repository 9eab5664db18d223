"""The operators' pages of jobs, rules and the history."""

from jobs.admin.audit_run import AuditRunAdmin
from jobs.admin.history import JobLogAdmin
from jobs.admin.job import JobAdmin
from jobs.admin.rule import RuleAdmin
from jobs.admin.webhook import WebhookAdmin

__all__ = ["AuditRunAdmin", "JobAdmin", "JobLogAdmin", "RuleAdmin", "WebhookAdmin"]
