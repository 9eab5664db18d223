"""The operators' pages of jobs, rules and the history."""

from jobs.admin.history import JobLogAdmin
from jobs.admin.job import JobAdmin
from jobs.admin.rule import RuleAdmin

__all__ = ["JobAdmin", "JobLogAdmin", "RuleAdmin"]
