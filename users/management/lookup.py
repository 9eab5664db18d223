"""How the commands name a user."""

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
