"""Whether everything adds up: the checks of `audit_checks`, on one snapshot."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from jobs.models import AuditRun
from jobs.storage.bucket import StorageUnavailable
from jobs.watch.audit_checks import CHECKS, Check
from jobs.watch.audit_objects import audit_objects
from s3project import ids

logger = logging.getLogger(__name__)

EXAMPLES = 5
OBJECTS = "each done photo is in the storage"
# A periodic audit lists the objects of this many jobs at most; `audit --objects` those of all.
JOBS_LOOKED_AT = 100
RUNS_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Finding:
    check: Check
    rows: int
    violations: int
    examples: list[str]
    seconds: float


def audit() -> Iterator[Finding]:
    """Every check against one snapshot: right on a live system, and in nobody's way.

    Cannot be called inside a transaction.
    """
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # What bounds a request's statement would end a check of a large table.
            cursor.execute("SET LOCAL statement_timeout = 0")
        for check in CHECKS:
            yield run(check)


def run(check: Check) -> Finding:
    """One check in the caller's transaction."""
    started = time.perf_counter()
    with connection.cursor() as cursor:
        # The text is made of constants of this module.
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE sound IS NOT TRUE), "
            "(array_agg(id) FILTER (WHERE sound IS NOT TRUE))[1:%(examples)s] "
            f"FROM ({check.rows}) checked",
            {"examples": EXAMPLES, **check.parameters()},
        )
        rows, violations, keys = cursor.fetchone()
    examples: list[UUID | str] = keys or []
    return Finding(
        check=check,
        rows=rows,
        violations=violations,
        examples=[
            key if isinstance(key, str) else ids.public_id(check.prefix, key) for key in examples
        ],
        seconds=time.perf_counter() - started,
    )


def audit_if_due() -> AuditRun | None:
    """The audit, unless one ran within AUDIT_EVERY: the clock asks often, since it forgets with its
    process when it asked last."""
    if settings.AUDIT_EVERY is None:
        return None
    if AuditRun.objects.filter(started_at__gt=Now() - settings.AUDIT_EVERY).exists():
        return None
    return run_audit()


def run_audit() -> AuditRun:
    """The audit of every AUDIT_EVERY, the objects of newly finished jobs included; its outcome is
    kept for a month, for the admin and the metrics, and violations are logged as an error.

    While the storage is away its part is left out. Cannot be called inside a transaction.
    """
    started = time.perf_counter()
    rows = 0
    violations: dict[str, dict[str, object]] = {}
    for finding in audit():
        rows += finding.rows
        if finding.violations:
            violations[finding.check.name] = {
                "count": finding.violations,
                "examples": finding.examples,
            }
    try:
        # Twice as far back as the last run: one may have been skipped.
        since = 2 * (settings.AUDIT_EVERY or RUNS_KEPT)
        objects = audit_objects(finished_within=since, limit=JOBS_LOOKED_AT)
    except StorageUnavailable:
        logger.warning("the storage is away: its objects are not audited")
    else:
        rows += objects.photos
        if objects.missing:
            examples = [found.job for found in objects.missing[:EXAMPLES]]
            violations[OBJECTS] = {"count": len(objects.missing), "examples": examples}
    for name, violation in violations.items():
        logger.error("audit: %s: %s", name, violation)
    AuditRun.objects.filter(started_at__lt=Now() - RUNS_KEPT).delete()
    seconds = time.perf_counter() - started
    logger.info("audited %d rows in %.1f s: %d violations", rows, seconds, len(violations))
    return AuditRun.objects.create(seconds=seconds, rows=rows, violations=violations)
