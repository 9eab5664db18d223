"""How the commands name a user and a reason."""

from argparse import ArgumentParser, ArgumentTypeError

from django.core.management.base import CommandError

from s3project import ids
from users.models import User


def find_user(text: str) -> User:
    """The user with a public id (`u_…`) or an email. Raises CommandError."""
    user_id = ids.parse_public_id(ids.USER, text)
    user = User.objects.filter(pk=user_id).first() if user_id else None
    if user is None and user_id is None:
        user = User.objects.filter(email__iexact=text).first()
    if user is None:
        raise CommandError(f"There is no user {text}.")
    return user


def find_operator(text: str) -> User:
    """As `find_user`, for staff. Raises CommandError."""
    found = find_user(text)
    if not found.is_staff:
        raise CommandError(f"{text} is no operator.")
    return found


def add_reason(parser: ArgumentParser) -> None:
    """`--reason`, which the audit log has beside the name of who runs the command."""
    parser.add_argument("--reason", required=True, type=_reason, help="why, for the audit log")


def _reason(text: str) -> str:
    if not text.strip():
        raise ArgumentTypeError("say why")
    return text.strip()
