from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0021_updates_within_a_page")]

    operations = [
        migrations.CreateModel(
            name="Beat",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("seen_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="beat_is_one_row")
                ]
            },
        ),
    ]
