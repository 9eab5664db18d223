"""`manage.py remove_second_factor EMAIL --reason WHY`: for an operator who has lost it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from s3project.acts.actor import Actor
from s3project.acts.record import record_act
from s3project.acts.words import Action, ObjectKind
from s3project.admin import totp
from users.management.lookup import add_reason, find_operator


class Command(BaseCommand):
    help = "Takes an operator's second factor and recovery codes away."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        add_reason(parser)

    @transaction.atomic
    def handle(self, *args: Any, email: str, reason: str, **options: Any) -> None:
        operator = find_operator(email)
        if not totp.remove(operator):
            raise CommandError(f"{email} has no second factor.")
        record_act(
            Action.SECOND_FACTOR_REMOVED,
            actor=Actor.command(),
            kind=ObjectKind.USER,
            object_id=operator.public_id,
            reason=reason,
        )
        self.stdout.write(f"{email} signs in with the password alone, or enrols anew")
