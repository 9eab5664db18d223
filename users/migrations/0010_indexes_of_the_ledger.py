from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """`billing_user_created` begins with the user. Beside the writes of a running service."""

    atomic = False

    dependencies = [
        ("users", "0009_rights_of_operators"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="billingevent",
            index=models.Index(fields=["type", "-id"], name="billing_type"),
        ),
        # Django would make the foreign key anew, and read all rows.
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS billing_events_user_id_f79d1d7f",
            "CREATE INDEX CONCURRENTLY billing_events_user_id_f79d1d7f ON billing_events (user_id)",
            state_operations=[
                migrations.AlterField(
                    model_name="billingevent",
                    name="user",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="billing_events",
                        to=settings.AUTH_USER_MODEL,
                    ),
                )
            ],
        ),
    ]
