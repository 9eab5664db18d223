"""`manage.py issue_key USER NAME --reason WHY`"""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from s3project.acts.actor import Actor
from users import api_keys
from users.errors import KeyLimit
from users.management.lookup import add_reason, find_user
from users.models import UserLimiter


class Command(BaseCommand):
    help = "Makes an API key for a user and prints it, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="a public id (u_…) or an email")
        parser.add_argument("name", help="what it is for; shown in lists")
        parser.add_argument("--days", type=int, help="how long it lives; without: until deleted")
        add_reason(parser)

    def handle(self, *args: Any, user: str, name: str, reason: str, **options: Any) -> None:
        found, days = find_user(user), options["days"]
        if not 1 <= len(name.strip()) <= 100:
            raise CommandError("A name has 1 to 100 characters.")
        if days is not None and not 1 <= days <= 36_500:
            raise CommandError("A key lives from 1 to 36500 days.")
        try:
            row, key = api_keys.create_api_key(
                user_id=found.pk,
                name=name.strip(),
                expires_at=None if days is None else timezone.now() + timedelta(days=days),
                actor=Actor.command(),
                reason=reason,
            )
        except UserLimiter.DoesNotExist:
            raise CommandError(f"{found} is an operator and uses no API.") from None
        except KeyLimit as error:
            raise CommandError(error.message) from None
        self.stderr.write(f"{found}: {row.public_id}, shown this once:")
        self.stdout.write(key)
