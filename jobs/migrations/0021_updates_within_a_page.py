from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

REPORTED = models.UniqueConstraint(
    condition=models.Q(("idempotency_key__isnull", False)),
    fields=("job", "idempotency_key"),
    name="item_job_reported_key",
)
REPLACED = models.UniqueConstraint(
    condition=models.Q(("superseded_key__isnull", False)),
    fields=("job", "superseded_key"),
    name="item_job_replaced_key",
)
UNIQUE = """
CREATE UNIQUE INDEX CONCURRENTLY {name} ON jobs_jobitem (job_id, {column})
 WHERE {column} IS NOT NULL
"""


def unique_concurrently(constraint: models.UniqueConstraint, column: str) -> migrations.RunSQL:
    name = constraint.name
    return migrations.RunSQL(
        UNIQUE.format(name=name, column=column),
        f"DROP INDEX CONCURRENTLY {name}",
        state_operations=[migrations.AddConstraint(model_name="jobitem", constraint=constraint)],
    )


def without_index(name: str, columns: str, change: migrations.AlterField) -> migrations.RunSQL:
    """A foreign key without its index. (Django would make the key anew, and read all rows.)"""
    return migrations.RunSQL(
        f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        f"CREATE INDEX CONCURRENTLY {name} ON {columns}",
        state_operations=[change],
    )


class Migration(migrations.Migration):
    """Fewer indexes for each result to write to, and room in each page for what it changes.

    Beside the writes of a running service, since the tables may be large: no transaction. What is
    new comes before what it replaces is dropped.
    """

    atomic = False

    dependencies = [
        ("jobs", "0020_where_concepts_lie"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="jobcoordinator",
            name="overtime_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        AddIndexConcurrently(
            model_name="jobcoordinator",
            index=models.Index(
                condition=models.Q(("overtime_at__isnull", False)),
                fields=["user", "overtime_at"],
                name="job_overtime_lately",
            ),
        ),
        AddIndexConcurrently(
            model_name="jobcoordinator",
            index=models.Index(
                condition=models.Q(("status", "canceled"), ("storage_deleted_at__isnull", True)),
                fields=["finished_at"],
                name="job_canceled_undeleted",
            ),
        ),
        AddIndexConcurrently(
            model_name="jobcoordinator",
            index=models.Index(
                fields=["user", "status", "-created_at", "-id"], name="job_user_status_created"
            ),
        ),
        AddIndexConcurrently(
            model_name="jobcoordinator",
            index=models.Index(
                condition=models.Q(("rule_id__isnull", False)),
                fields=["rule_id", "id"],
                name="job_of_rule",
            ),
        ),
        AddIndexConcurrently(
            model_name="joblog",
            index=models.Index(
                condition=models.Q(("rule_id__isnull", False)),
                fields=["rule_id", "job_id"],
                name="jobs_log_of_rule",
            ),
        ),
        RemoveIndexConcurrently(model_name="jobcoordinator", name="job_took_overtime"),
        RemoveIndexConcurrently(model_name="jobcoordinator", name="job_canceled_in_storage"),
        unique_concurrently(REPORTED, "idempotency_key"),
        unique_concurrently(REPLACED, "superseded_key"),
        migrations.RemoveConstraint(model_name="jobitem", name="item_job_idempotency_key"),
        migrations.RemoveConstraint(model_name="jobitem", name="item_job_superseded_key"),
        without_index(
            "jobs_jobcoordinator_user_id_3a1868e0",
            'jobs_jobcoordinator ("user_id")',
            migrations.AlterField(
                model_name="jobcoordinator",
                name="user",
                field=models.ForeignKey(
                    db_index=False,
                    on_delete=models.PROTECT,
                    related_name="jobs",
                    to=settings.AUTH_USER_MODEL,
                ),
            ),
        ),
        without_index(
            "jobs_jobitem_job_id_fa08e2f7",
            'jobs_jobitem ("job_id")',
            migrations.AlterField(
                model_name="jobitem",
                name="job",
                field=models.ForeignKey(
                    db_index=False,
                    on_delete=models.PROTECT,
                    related_name="items",
                    to="jobs.jobcoordinator",
                ),
            ),
        ),
        migrations.RunSQL(
            "ALTER TABLE jobs_jobcoordinator SET (fillfactor = 85)",
            "ALTER TABLE jobs_jobcoordinator RESET (fillfactor)",
        ),
    ]
