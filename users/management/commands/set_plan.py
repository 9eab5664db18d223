"""`manage.py set_plan USER PLAN --reason WHY`"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from s3project.acts.actor import Actor
from s3project.wording import counted
from users import services
from users.management.lookup import add_reason, find_user
from users.models import UserLimiter
from users.plans import PLANS


class Command(BaseCommand):
    help = "Moves a user to a plan; a plan reached for the first time brings its credits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="a public id (u_…) or an email")
        parser.add_argument("plan", help=" or ".join(PLANS))
        add_reason(parser)

    def handle(self, *args: Any, user: str, plan: str, reason: str, **options: Any) -> None:
        if plan not in PLANS:
            raise CommandError(f"There is no plan {plan}; there are {', '.join(PLANS)}.")
        found = find_user(user)
        try:
            granted = services.set_plan(
                user_id=found.pk, plan=plan, actor=Actor.command(), reason=reason
            )
        except UserLimiter.DoesNotExist:
            raise CommandError(f"{found} is an operator and has no plan.") from None
        balance = UserLimiter.objects.get(pk=found.pk).credits
        self.stdout.write(
            f"{found}: {found.plan} → {plan}, {counted(granted, 'credit')} granted, "
            f"balance {balance}"
        )
