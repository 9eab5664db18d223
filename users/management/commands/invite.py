"""`manage.py invite --uses N --days N --reason WHY`, and `--revoke s3i_… --reason WHY`"""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from s3project.acts.actor import Actor
from users.invites import make_invite, revoke_invites
from users.management.lookup import add_reason
from users.models.invite import SHOWN

MOST_USES = 1_000_000
MOST_DAYS = 3_650


class Command(BaseCommand):
    help = "Makes a code that lets new users in (SIGNUP_PROOF=invite) and prints it, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--uses", type=int, default=1, help="how many users (1)")
        parser.add_argument("--days", type=int, default=14, help="how long it is good for (14)")
        parser.add_argument("--revoke", help=f"end those that begin with these {SHOWN} characters")
        add_reason(parser)

    def handle(self, *args: Any, uses: int, days: int, reason: str, **options: Any) -> None:
        if options["revoke"]:
            begins = options["revoke"][:SHOWN]
            if not revoke_invites(begins=begins, actor=Actor.command(), reason=reason):
                raise CommandError(f"There is no invite {begins}… with uses left.")
            self.stdout.write(f"{begins}… is worth nothing any more")
            return
        if not 1 <= uses <= MOST_USES:
            raise CommandError(f"An invite has from 1 to {MOST_USES} uses.")
        if not 1 <= days <= MOST_DAYS:
            raise CommandError(f"An invite is good for 1 to {MOST_DAYS} days.")
        row, code = make_invite(
            uses=uses,
            expires_at=timezone.now() + timedelta(days=days),
            actor=Actor.command(),
            reason=reason,
        )
        self.stderr.write(f"{row.prefix}…, for {uses} within {days} days, shown this once:")
        self.stdout.write(code)
