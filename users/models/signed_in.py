"""The statement that every request with a token begins with.

It finds the user, and at once what the request asks of that user's where it is plain beforehand: a
statement of its own costs a poll a fifth of its CPU (docs/performance.md).
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from s3project.rows import fetch_one
from users.models.user import USERS, User


class SignedIn:
    """Finds the active user, unless the session was revoked. One statement by primary keys.

    A session that is not known counts as not revoked: a session only takes away
    (docs/adr/0004-sessions.md).

    `columns` are read besides, of what is `joined`: a LEFT JOIN, so that who is signed in is found
    whether there is such a row or not. It refers to the user's as `u` and has at most one row.
    """

    def __init__(self, columns: str = "", joined: str = "") -> None:
        besides = f", {columns}" if columns else ""
        # Written by hand: composing it for each request would cost more than running it.
        self._statement = f"""
            SELECT {USERS.columns("u")}{besides}
              FROM users_user AS u {joined}
             WHERE u.id = %s AND u.is_active AND NOT EXISTS (
                   SELECT FROM users_session AS s WHERE s.id = %s AND s.revoked_at IS NOT NULL
                   )
        """

    def find(
        self, user_id: UUID, session_id: UUID | None, *joined_by: Any
    ) -> tuple[User, Sequence[Any]] | None:
        """The user, and what was read besides: all None where there is no such row. `joined_by` are
        the parameters of `joined`.
        """
        row = fetch_one(self._statement, [*joined_by, user_id, session_id])
        if row is None:
            return None
        return USERS.instance(row[: USERS.count]), row[USERS.count :]


SIGNED_IN = SignedIn()
