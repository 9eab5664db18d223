"""History: what a job was, written once, in the transaction that finishes the job."""

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import CompositePrimaryKey

from jobs.models.coordinator import JobCoordinator
from jobs.models.fields import OrderedJSONField
from jobs.states import JobStatus
from s3project import ids


class JobLog(models.Model):
    """One finished job (contract §1.3)."""

    job_id = models.UUIDField(primary_key=True)
    user_id = models.UUIDField()
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=JobStatus.choices)
    preset = models.CharField(max_length=32)
    rule_id = models.UUIDField(null=True)
    concepts_json = OrderedJSONField()
    protect_json = models.JSONField()
    params_json = models.JSONField()
    cost_estimate = models.IntegerField()
    error = models.CharField(max_length=2000, blank=True, default="")

    class Meta:
        db_table = "jobs_log"
        ordering = ("-created_at",)
        indexes = (models.Index(fields=["user_id", "created_at"], name="jobs_log_user_created"),)

    def __str__(self) -> str:
        return f"{ids.public_id(ids.JOB, self.job_id)} {self.status}"


class JobItemLog(models.Model):
    """One item of a finished job, as it was when the job finished."""

    pk = CompositePrimaryKey("job_id", "idx")
    job_id = models.UUIDField()
    idx = models.IntegerField()
    name = models.CharField(max_length=255, blank=True, db_default="")
    source_idx = models.IntegerField(null=True, blank=True)
    status = models.CharField(max_length=16)
    input_key = models.CharField(max_length=200)
    output_key = models.CharField(max_length=200, blank=True, default="")
    preview_key = models.CharField(max_length=200, blank=True, default="")
    error = models.CharField(max_length=2000, blank=True, default="")
    warnings = ArrayField(models.CharField(max_length=300), blank=True, db_default=[])

    class Meta:
        db_table = "job_items_log"

    def __str__(self) -> str:
        return f"{self.job_id} #{self.idx} {self.status}"


# Copied inside the database: 200 items cost one statement and no traffic.
COPY_ITEMS = """
    INSERT INTO job_items_log
           (job_id, idx, name, source_idx, status, input_key, output_key, preview_key, error,
            warnings)
    SELECT job_id, idx, name, source_idx, status, input_key, output_key, preview_key, error,
           warnings
      FROM jobs_jobitem
     WHERE job_id = %s
"""


def write_history(job: JobCoordinator) -> None:
    """The history of a job that has just finished; three statements at most."""
    error = ""
    if job.status == JobStatus.FAILED:
        error = job.items.order_by("idx").values_list("error", flat=True)[0]
    assert job.finished_at is not None
    JobLog.objects.create(
        job_id=job.id,
        user_id=job.user_id,
        created_at=job.created_at,
        finished_at=job.finished_at,
        status=job.status,
        preset=job.preset,
        rule_id=job.rule_id,
        concepts_json=job.concepts,
        protect_json=job.protect,
        params_json={"output_template": job.output_template},
        cost_estimate=job.total_items,
        error=error,
    )
    with connection.cursor() as cursor:
        cursor.execute(COPY_ITEMS, [job.id])


def relabel_history(job: JobCoordinator) -> None:
    """The one later change: a failed job is renamed canceled."""
    JobLog.objects.filter(job_id=job.id).update(status=job.status)
