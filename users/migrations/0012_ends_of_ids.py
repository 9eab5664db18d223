from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Cast, Right


class Migration(migrations.Migration):
    """Beside the writes of a running service, since the table may be large: no transaction."""

    atomic = False

    dependencies = [
        ("users", "0011_refunds_of_a_job"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="user",
            index=models.Index(
                Right(Cast("id", models.TextField()), 6),
                name="user_id_end",
            ),
        ),
    ]
