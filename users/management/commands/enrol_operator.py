"""`manage.py enrol_operator EMAIL --reason WHY`: a second factor, given at the shell."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django_otp.util import random_hex

from s3project.acts.actor import Actor
from s3project.acts.record import record_act
from s3project.acts.words import Action, ObjectKind
from s3project.admin import totp
from s3project.admin.second_factor import address_of
from users.management.lookup import add_reason, find_operator


class Command(BaseCommand):
    help = "Gives an operator a new second factor in place of any other, and prints it once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        add_reason(parser)

    @transaction.atomic
    def handle(self, *args: Any, email: str, reason: str, **options: Any) -> None:
        operator, key = find_operator(email), random_hex(20)
        codes = totp.enrol(operator, key)
        record_act(
            Action.SECOND_FACTOR_ENROLLED,
            actor=Actor.command(),
            kind=ObjectKind.USER,
            object_id=operator.public_id,
            reason=reason,
        )
        self.stdout.write(address_of(operator, key))
        self.stdout.write("Recovery codes, each good once:")
        for code in codes:
            self.stdout.write(code)
