from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside the writes of a running service, since the table may be large: no transaction."""

    atomic = False

    dependencies = [
        ("jobs", "0016_kept_for_longer"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="jobcoordinator",
            index=models.Index(
                condition=models.Q(("failed_items__gt", 0)),
                fields=["finished_at"],
                name="job_has_failures",
            ),
        ),
        AddIndexConcurrently(
            model_name="jobcoordinator",
            index=GinIndex(
                condition=models.Q(("metadata", {}), _negated=True),
                fields=["metadata"],
                name="job_metadata",
            ),
        ),
    ]
