"""`manage.py createsuperuser`, Django's, is refused: the audit log would know nothing of it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Refused: `manage.py ensure_operator EMAIL` makes an operator."

    def run_from_argv(self, argv: list[str]) -> None:
        """Whatever options Django's takes."""
        super().run_from_argv(argv[:2])

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(
            "OPERATOR_PASSWORD=… manage.py ensure_operator EMAIL makes an operator: it checks the "
            "password and is written into the audit log."
        )
