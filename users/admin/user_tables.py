"""What a user's page shows of the account: money, sessions, keys."""

from django.db.models import QuerySet
from django.utils import timezone

from s3project.admin.tables import (
    NOTHING,
    Table,
    badge,
    code,
    job_link,
    list_link,
    moment,
    ref_link,
)
from users.models import Reservation, User, UserLimiter

NEWEST = 50
FEW = 10


def open_reservations(limiter: UserLimiter) -> Table:
    """The jobs that hold a slot. A plan's concurrency bounds them; the slice bounds a fault."""
    rows: QuerySet[Reservation] = limiter.reservations.filter(released_at__isnull=True)
    return Table(
        title="Open reservations",
        headings=("Job", "Photos", "Reserved (UTC)"),
        rows=[(job_link(r.job_id), r.item_count, moment(r.reserved_at)) for r in rows[:NEWEST]],
        empty="No unfinished job holds credits or a slot.",
    )


def newest_billing_events(user: User) -> Table:
    """The end of the ledger; the list of billing events has all of it."""
    events = user.billing_events.all()[:NEWEST]
    return Table(
        title=f"Ledger, newest {NEWEST}",
        headings=("When (UTC)", "Type", "Amount", "Balance after", "For"),
        rows=[
            (
                moment(event.created_at),
                badge(event.type),
                f"{event.amount:+d}",
                event.balance_after,
                ref_link(event.ref),
            )
            for event in events
        ],
        empty="No credits ever moved.",
        more=list_link("users_billingevent", user.public_id, "The whole ledger of this user"),
    )


def sessions(user: User) -> Table:
    """The newest sign-ins."""
    now = timezone.now()
    return Table(
        title=f"Sessions, newest {FEW}",
        headings=("Session", "State", "Signed in (UTC)", "Good until (UTC)"),
        rows=[
            (
                code(f"…{session.id.hex[-10:]}"),
                badge("ended" if session.revoked_at else "open" if session.expires_at > now
                      else "expired"),
                moment(session.created_at),
                moment(session.revoked_at or session.expires_at),
            )
            for session in user.sessions.all()[:FEW]
        ],
        empty="No session is known.",
    )  # fmt: skip


def keys(user: User) -> Table:
    """There are never more than MAX_KEYS. Of a key only its beginning is stored."""
    return Table(
        title="API keys",
        headings=("Key", "Name", "Begins with", "Made (UTC)", "Last used (UTC)", "Ends (UTC)"),
        rows=[
            (
                code(key.public_id),
                key.name,
                code(f"{key.prefix}…"),
                moment(key.created_at),
                moment(key.last_used_at),
                moment(key.expires_at) if key.expires_at else NOTHING,
            )
            for key in user.api_keys.all()
        ],
        empty="The user has no keys.",
    )
