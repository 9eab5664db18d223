"""`manage.py grant_credits USER N --reason WHY`"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from s3project.acts.actor import Actor
from users import services
from users.management.lookup import add_reason, find_user
from users.models import UserLimiter
from users.models.limiter import BalanceTooLarge


class Command(BaseCommand):
    help = "Gives a user credits, as an event in the ledger."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="a public id (u_…) or an email")
        parser.add_argument("credits", help="how many, at least 1")
        add_reason(parser)

    def handle(self, *args: Any, user: str, credits: str, reason: str, **options: Any) -> None:
        # Read here rather than by argparse: one line, and no usage text, for every mistake.
        if not credits.isascii() or not credits.isdigit() or int(credits) == 0:
            raise CommandError(f"{credits} is not a positive whole number.")
        found = find_user(user)
        try:
            balance = services.grant_credits(
                user_id=found.pk, amount=int(credits), actor=Actor.command(), reason=reason
            )
        except UserLimiter.DoesNotExist:
            raise CommandError(f"{found} is an operator and has no credits.") from None
        except BalanceTooLarge:
            raise CommandError(f"{credits} credits are more than a balance can hold.") from None
        self.stdout.write(f"{found}: {int(credits)} credits granted, balance {balance}")
