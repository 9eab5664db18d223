"""History: what a job was, written once, in the transaction that finishes the job."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CompositePrimaryKey, Q

from jobs.models.coordinator import JobCoordinator
from jobs.models.fields import OrderedJSONField
from jobs.models.outbox import IS_WANTED
from jobs.states import JobStatus
from s3project import ids
from s3project.rows import fetch_one


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
        indexes = (
            models.Index(fields=["user_id", "created_at"], name="jobs_log_user_created"),
            models.Index(
                fields=["rule_id", "job_id"],
                condition=Q(rule_id__isnull=False),
                name="jobs_log_of_rule",
            ),
        )

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


# Copied inside the database, one statement for 200 items. The error of a failed job is that of its
# first photo. Whether anybody wants to hear of the job is looked up on the way.
WRITE_HISTORY = f"""
    WITH items AS (
        INSERT INTO job_items_log
               (job_id, idx, name, source_idx, status, input_key, output_key, preview_key, error,
                warnings)
        SELECT job_id, idx, name, source_idx, status, input_key, output_key, preview_key, error,
               warnings
          FROM jobs_jobitem
         WHERE job_id = %(job)s
    )
    INSERT INTO jobs_log
           (job_id, user_id, created_at, finished_at, status, preset, rule_id, concepts_json,
            protect_json, params_json, cost_estimate, error)
    SELECT id, user_id, created_at, finished_at, status, preset, rule_id, concepts,
           to_jsonb(protect), jsonb_build_object('output_template', output_template), total_items,
           CASE status WHEN 'failed'
                THEN (SELECT error FROM jobs_jobitem WHERE job_id = job.id ORDER BY idx LIMIT 1)
                ELSE '' END
      FROM jobs_jobcoordinator AS job
     WHERE id = %(job)s
 RETURNING {IS_WANTED.format(user="jobs_log.user_id").replace("%s", "'job.' || jobs_log.status")}
"""


def write_history(job: JobCoordinator) -> bool:
    """The history of a job that has just finished and is stored so, in one statement. Returns
    whether an endpoint wants to hear of it.
    """
    row = fetch_one(WRITE_HISTORY, {"job": job.id})
    assert row is not None, "the job is locked and cannot be gone"
    return bool(row[0])


def relabel_history(job: JobCoordinator) -> None:
    """The one later change: a failed job is renamed canceled."""
    JobLog.objects.filter(job_id=job.id).update(status=job.status)
