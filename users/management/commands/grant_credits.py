"""`manage.py grant_credits USER N --reason WHY [--ref WHAT_FOR]`"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from s3project.acts.actor import Actor
from s3project.wording import counted
from users import services
from users.management.lookup import add_reason, find_user
from users.models import UserLimiter
from users.models.ledger import FREE_REF
from users.models.limiter import BalanceTooLarge


class Command(BaseCommand):
    help = "Gives a user credits, as an event in the ledger."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="a public id (u_…) or an email")
        parser.add_argument("credits", help="how many, at least 1")
        parser.add_argument(
            "--ref",
            default="",
            help="what it is for, in the ledger, for which nobody is granted credits twice; else "
            "the act of the audit log is named",
        )
        add_reason(parser)

    def handle(
        self, *args: Any, user: str, credits: str, ref: str, reason: str, **options: Any
    ) -> None:
        # Read here rather than by argparse: one line, and no usage text, for every mistake.
        if not credits.isascii() or not credits.isdigit() or int(credits) == 0:
            raise CommandError(f"{credits} is not a positive whole number.")
        if ref and not FREE_REF.fullmatch(ref):
            raise CommandError(f"{ref} cannot be what a grant is for: letters, digits, ._:/#-")
        found = find_user(user)
        try:
            balance = services.grant_credits(
                user_id=found.pk, amount=int(credits), actor=Actor.command(), reason=reason, ref=ref
            )
        except services.GrantedBefore as before:
            raise CommandError(str(before)) from None
        except UserLimiter.DoesNotExist:
            raise CommandError(f"{found} is an operator and has no credits.") from None
        except BalanceTooLarge:
            raise CommandError(f"{credits} credits are more than a balance can hold.") from None
        self.stdout.write(f"{found}: {counted(int(credits), 'credit')} granted, balance {balance}")
