from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside the writes of a running service."""

    atomic = False

    dependencies = [
        ("users", "0010_indexes_of_the_ledger"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="billingevent",
            index=models.Index(
                condition=models.Q(("type", "refund")),
                fields=["ref"],
                name="billing_refund_of_job",
            ),
        ),
    ]
