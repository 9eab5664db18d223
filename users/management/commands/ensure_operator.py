"""`manage.py ensure_operator EMAIL [--group NAME]`: an operator who can log in to the admin."""

import os
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from s3project.acts.actor import Actor
from s3project.acts.record import record_act
from s3project.acts.words import Action, ObjectKind
from users.models import User


class Command(BaseCommand):
    help = "Creates an operator with the password in OPERATOR_PASSWORD, unless there is one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument(
            "--group",
            help="viewer, support, billing, admin or one of yours: may only what the group may; "
            "without it the operator may everything",
        )

    def handle(self, *args: Any, email: str, group: str | None = None, **options: Any) -> None:
        password = os.environ.get("OPERATOR_PASSWORD", "")
        if not password:
            raise CommandError("OPERATOR_PASSWORD must be set.")
        found = Group.objects.filter(name=group).first() if group else None
        if group and found is None:
            raise CommandError(f"There is no group {group}.")
        operator = User.objects.filter(email=email).first()
        if operator is None:
            try:
                validate_password(password, User(email=email))
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from None
            with transaction.atomic():
                created = User.objects.create_superuser(email, password, is_superuser=found is None)
                if found is not None:
                    created.groups.add(found)
                record_act(
                    Action.OPERATOR_CREATED,
                    actor=Actor.command(),
                    kind=ObjectKind.USER,
                    object_id=created.public_id,
                    details={"group": group or "", "is_superuser": found is None},
                )
            self.stdout.write(f"{email} created")
        elif operator.check_password(password):
            self.stdout.write(f"{email} kept")
        else:
            self.stdout.write(f"{email} kept with another password")
