from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside the writes of a running service, since the table may be large: no transaction."""

    atomic = False

    dependencies = [
        ("acts", "0002_acts_are_append_only"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="act",
            index=models.Index(fields=["actor_kind", "-id"], name="act_actor_kind"),
        ),
    ]
