"""`manage.py admit_operator EMAIL --reason WHY`: past strangers who use up the tries."""

from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from s3project.acts.actor import Actor
from s3project.acts.record import record_act
from s3project.acts.words import Action, ObjectKind
from s3project.admin.known_browser import admission
from users.management.lookup import add_reason, find_operator


class Command(BaseCommand):
    help = (
        "Prints a link that makes a browser known for the operator, so that the tries of others "
        "do not count there. It opens nothing: password and second factor are asked as ever."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        add_reason(parser)

    def handle(self, *args: Any, email: str, reason: str, **options: Any) -> None:
        operator = find_operator(email)
        record_act(
            Action.OPERATOR_ADMITTED,
            actor=Actor.command(),
            kind=ObjectKind.USER,
            object_id=operator.public_id,
            reason=reason,
        )
        path = reverse("admin:admit", args=[admission(operator.get_username())])
        self.stdout.write(f"For 15 minutes: {_door()}{path}")


def _door() -> str:
    """The host that answers `/admin`; its port, where it has one, is the operator's to add."""
    if not settings.ADMIN_HOST:
        return settings.PUBLIC_BASE_URL
    return f"{urlsplit(settings.PUBLIC_BASE_URL).scheme}://{settings.ADMIN_HOST}"
