"""What the database refuses of a job, and how it finds jobs (docs/state_machine.md)."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from s3project.ends_of_ids import END_OF_ID

# No index has `updated_at`, which each result moves, nor a counter: an update that changes nothing
# that is indexed stays within its page and writes to no index.
JOB_INDEXES = (
    models.Index(fields=["user", "-created_at", "-id"], name="job_user_created"),
    models.Index(fields=["user", "status", "-created_at", "-id"], name="job_user_status_created"),
    models.Index(
        fields=["queued_at"],
        condition=Q(status__in=["queued", "running"]),
        name="job_in_work",
    ),
    models.Index(
        fields=["created_at"],
        condition=Q(status__in=["created", "uploaded"]),
        name="job_waiting",
    ),
    models.Index(
        fields=["finished_at"],
        condition=Q(status="canceled", storage_deleted_at__isnull=True),
        name="job_canceled_undeleted",
    ),
    models.Index(
        fields=["finished_at"],
        condition=Q(status__in=["done", "failed"], storage_deleted_at__isnull=True),
        name="job_finished_in_storage",
    ),
    models.Index(
        fields=["deleted_at"],
        condition=Q(deleted_at__isnull=False, storage_deleted_at__isnull=True),
        name="job_deleted_in_storage",
    ),
    # Of hardly any job: dispatch looks for it each time, however many jobs its user has made.
    models.Index(
        fields=["user", "overtime_at"],
        condition=Q(overtime_at__isnull=False),
        name="job_overtime_lately",
    ),
    # What operators look for: failures, jobs of a rule, and what a client wrote on a job.
    models.Index(fields=["rule_id", "id"], condition=Q(rule_id__isnull=False), name="job_of_rule"),
    models.Index(
        fields=["finished_at"],
        condition=Q(failed_items__gt=0),
        name="job_has_failures",
    ),
    GinIndex(fields=["metadata"], condition=~Q(metadata={}), name="job_metadata"),
    models.Index(END_OF_ID, name="job_id_end"),
    models.Index(
        fields=["photos_job_id"],
        condition=Q(photos_job_id__isnull=False, storage_deleted_at__isnull=True),
        name="job_shares_photos",
    ),
    models.Index(
        fields=["finished_at"],
        condition=Q(storage_deleted_at__isnull=False, archived_at__isnull=True),
        name="job_to_archive",
    ),
)

# Whatever the code above believes, these rows cannot exist.
JOB_CONSTRAINTS = (
    models.CheckConstraint(condition=Q(total_items__range=(1, 200)), name="job_total"),
    models.CheckConstraint(
        condition=Q(done_items__gte=0, failed_items__gte=0), name="job_counters_gte_0"
    ),
    models.CheckConstraint(
        condition=Q(total_items__gte=F("done_items") + F("failed_items")),
        name="job_counters_lte_total",
    ),
    models.CheckConstraint(
        condition=Q(status__in=["created", "uploaded", "queued", "running"])
        & Q(finished_at__isnull=True)
        | Q(status__in=["done", "failed", "canceled"]) & Q(finished_at__isnull=False),
        name="job_finished_at_iff_finished",
    ),
    models.CheckConstraint(
        condition=~Q(status__in=["created", "uploaded"])
        | Q(queued_at__isnull=True, done_items=0, failed_items=0),
        name="job_not_queued_has_no_results",
    ),
    models.CheckConstraint(
        condition=~Q(status__in=["queued", "running", "done", "failed"])
        | Q(queued_at__isnull=False),
        name="job_in_work_was_queued",
    ),
    models.CheckConstraint(
        condition=Q(storage_deleted_at__isnull=True) | Q(finished_at__isnull=False),
        name="job_deleted_from_storage_only_if_finished",
    ),
    models.CheckConstraint(
        condition=Q(deleted_at__isnull=True) | Q(finished_at__isnull=False),
        name="job_deleted_only_if_finished",
    ),
    models.CheckConstraint(
        condition=Q(archived_at__isnull=True) | Q(storage_deleted_at__isnull=False),
        name="job_archived_only_if_deleted_from_storage",
    ),
    models.CheckConstraint(
        condition=Q(source_job_id__isnull=True, photos_job_id__isnull=True)
        | Q(source_job_id__isnull=False, photos_job_id__isnull=False) & ~Q(status="created"),
        name="job_of_shared_photos_is_uploaded",
    ),
    models.CheckConstraint(
        condition=Q(canceled_charge=0) | Q(status="canceled", canceled_charge=F("done_items")),
        name="job_canceled_charge_is_what_was_done",
    ),
    models.CheckConstraint(
        condition=~Q(status="done")
        | Q(done_items__gte=1, total_items=F("done_items") + F("failed_items")),
        name="job_done_is_complete",
    ),
    models.CheckConstraint(
        condition=~Q(status="failed") | Q(done_items=0, failed_items=F("total_items")),
        name="job_failed_is_complete",
    ),
)
