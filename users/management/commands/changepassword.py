"""`manage.py changepassword EMAIL`: Django's, written into the audit log."""

from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.db import transaction

from s3project.acts.actor import Actor
from s3project.acts.record import record_act
from s3project.acts.words import Action, ObjectKind
from users.models import User


class Command(changepassword.Command):
    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> str | None:
        said: str | None = super().handle(*args, **options)
        changed = User.objects.get(email=options["username"])
        record_act(
            Action.PASSWORD_CHANGED,
            actor=Actor.command(),
            kind=ObjectKind.USER,
            object_id=changed.public_id,
        )
        return said
