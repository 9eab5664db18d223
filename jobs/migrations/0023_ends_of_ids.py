from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Cast, Right


class Migration(migrations.Migration):
    """Beside the writes of a running service, since the table may be large: no transaction."""

    atomic = False

    dependencies = [
        ("jobs", "0022_beat"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="jobcoordinator",
            index=models.Index(
                Right(Cast("id", models.TextField()), 6),
                name="job_id_end",
            ),
        ),
    ]
