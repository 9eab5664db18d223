from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """One column for what was `outputs_deleted_at`, for jobs of every end.

    Its values are not taken over: of the canceled jobs that had one, the inputs are still there,
    and the next final deletion has them.
    """

    dependencies = [("jobs", "0002_ordered_concepts")]

    operations = [
        migrations.RemoveIndex("jobcoordinator", "job_canceled_with_outputs"),
        migrations.RemoveField("jobcoordinator", "outputs_deleted_at"),
        migrations.AddField(
            "jobcoordinator",
            "storage_deleted_at",
            models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            "jobcoordinator",
            models.CheckConstraint(
                condition=Q(storage_deleted_at__isnull=True) | Q(finished_at__isnull=False),
                name="job_deleted_from_storage_only_if_finished",
            ),
        ),
        migrations.AddIndex(
            "jobcoordinator",
            models.Index(
                fields=["created_at"],
                condition=Q(status__in=["created", "uploaded"]),
                name="job_waiting",
            ),
        ),
        migrations.AddIndex(
            "jobcoordinator",
            models.Index(
                fields=["updated_at"],
                condition=Q(status="canceled", storage_deleted_at__isnull=True),
                name="job_canceled_in_storage",
            ),
        ),
        migrations.AddIndex(
            "jobcoordinator",
            models.Index(
                fields=["finished_at"],
                condition=Q(status__in=["done", "failed"], storage_deleted_at__isnull=True),
                name="job_finished_in_storage",
            ),
        ),
    ]
