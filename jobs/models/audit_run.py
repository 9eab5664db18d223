"""AuditRun: what a periodic audit found."""

from django.db import models


class AuditRun(models.Model):
    """`violations` is check → {"count": n, "examples": [public ids]}; empty when all adds up."""

    started_at = models.DateTimeField(auto_now_add=True, db_index=True)
    seconds = models.FloatField()
    rows = models.BigIntegerField()
    violations = models.JSONField(default=dict)

    class Meta:
        verbose_name = "audit"
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return "all adds up" if not self.violations else ", ".join(self.violations)
