from django.db import migrations

# model → what its rights are called, as Django and the models call them. Written out: the rights
# themselves are made after the last migration, too late for groups that have them.
SEEN = (
    ("users", "user"), ("users", "billingevent"), ("users", "reservation"),
    ("jobs", "jobcoordinator"), ("jobs", "joblog"), ("jobs", "rule"), ("jobs", "webhook"),
    ("jobs", "auditrun"), ("jobs", "workerhost"), ("acts", "act"), ("admin", "logentry"),
    ("auth", "group"),
)  # fmt: skip
VIEWER = [(app, model, f"view_{model}", f"Can view {model}") for app, model in SEEN]
SUPPORT = [
    ("jobs", "jobcoordinator", "change_jobcoordinator", "Can change job"),
    ("jobs", "jobcoordinator", "view_photos", "Can see the photos of customers"),
    ("users", "user", "change_user", "Can change user"),
]
BILLING = [("users", "user", "bill_user", "Can change a user's plan and credits")]
ADMIN = [
    ("jobs", "jobcoordinator", "delete_jobcoordinator", "Can delete job"),
    ("users", "user", "delete_user", "Can delete user"),
    ("users", "user", "export_user", "Can export all that is kept of a user"),
    (
        "users", "user", "manage_operators",
        "Can change the rights of operators who may no more than oneself",
    ),
]  # fmt: skip
GROUPS = {
    "viewer": VIEWER,
    "support": [*VIEWER, *SUPPORT],
    "billing": [*VIEWER, *BILLING],
    "admin": [*VIEWER, *SUPPORT, *BILLING, *ADMIN],
}


def make_groups(apps, schema_editor):
    """A group of that name which is there already is somebody's own, and stays as it is."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    for name, rights in GROUPS.items():
        group, is_new = Group.objects.get_or_create(name=name)
        if not is_new:
            continue
        for app, model, codename, words in rights:
            of, _ = ContentType.objects.get_or_create(app_label=app, model=model)
            right, _ = Permission.objects.get_or_create(
                content_type=of, codename=codename, defaults={"name": words}
            )
            group.permissions.add(right)


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0017_what_operators_look_for"),
        ("users", "0009_rights_of_operators"),
        ("acts", "0002_acts_are_append_only"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop, elidable=False)]
