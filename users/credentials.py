"""By what somebody was let in, and whether that still holds: for answers that last."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from s3project.rows import fetch_all

# One statement for all of them, over primary keys.
ENDED = """
    SELECT given.n
      FROM unnest(%s::int[], %s::uuid[], %s::uuid[], %s::uuid[])
           AS given (n, user_id, session_id, key_id)
     WHERE NOT EXISTS (SELECT FROM users_user u WHERE u.id = given.user_id AND u.is_active)
        OR EXISTS (SELECT FROM users_session s
                    WHERE s.id = given.session_id AND s.revoked_at IS NOT NULL)
        OR given.key_id IS NOT NULL AND NOT EXISTS (
               SELECT FROM users_apikey k
                WHERE k.id = given.key_id
                  AND (k.expires_at IS NULL OR k.expires_at > statement_timestamp()))
"""


@dataclass(frozen=True, slots=True)
class Credential:
    """A user, and the session or the API key that they came with; a token that no sign-in issued
    has neither."""

    user_id: UUID
    session_id: UUID | None = None
    key_id: UUID | None = None

    def __str__(self) -> str:
        """Another text for every other credential."""
        return f"{self.user_id.hex} {self.session_id or ''} {self.key_id or ''}"


def ended(credentials: Collection[Credential]) -> set[Credential]:
    """Those that are worth nothing any more: signed out, deleted, expired, or of a user who was
    deactivated. One query. A session that is not known counts as not revoked, as everywhere."""
    given = list(credentials)
    if not given:
        return set()
    columns = (
        list(range(len(given))),
        [one.user_id for one in given],
        [one.session_id for one in given],
        [one.key_id for one in given],
    )
    return {given[number] for (number,) in fetch_all(ENDED, columns)}
