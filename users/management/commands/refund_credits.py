"""`manage.py refund_credits USER JOB N --reason WHY`"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from s3project import ids
from s3project.acts.actor import Actor
from s3project.wording import counted
from users import for_operators
from users.management.lookup import add_reason, find_user
from users.models import UserLimiter
from users.models.limiter import BalanceTooLarge


class Command(BaseCommand):
    help = "Gives a user back credits that a finished job cost, as an event in the ledger."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="a public id (u_…) or an email")
        parser.add_argument("job", help="a public id (job_…)")
        parser.add_argument("credits", help="how many, at most what the job cost")
        add_reason(parser)

    def handle(
        self, *args: Any, user: str, job: str, credits: str, reason: str, **options: Any
    ) -> None:
        if not credits.isascii() or not credits.isdigit() or int(credits) == 0:
            raise CommandError(f"{credits} is not a positive whole number.")
        job_id = ids.parse_public_id(ids.JOB, job)
        if job_id is None:
            raise CommandError(f"{job} is no id of a job.")
        found = find_user(user)
        try:
            balance = for_operators.refund_credits(
                user_id=found.pk,
                job_id=job_id,
                amount=int(credits),
                actor=Actor.command(),
                reason=reason,
            )
        except for_operators.Refused as why:
            raise CommandError(str(why)) from None
        except BalanceTooLarge:
            raise CommandError(f"{credits} credits are more than a balance can hold.") from None
        except UserLimiter.DoesNotExist:
            raise CommandError(f"{found} is an operator and has no credits.") from None
        self.stdout.write(f"{found}: {counted(int(credits), 'credit')} refunded, balance {balance}")
