"""The statements that lock a balance and move it, written out: they run for every job.

The ledger's row, the balance and the reservation are one statement, so that none of them is without
the others, whatever becomes of the transaction. All run under the limiter's lock.
"""

from datetime import timedelta
from uuid import UUID

from s3project.rows import execute, fetch_one, rows_of
from users.models.ledger import BillingEvent
from users.models.reservation import Reservation

EVENTS = rows_of(BillingEvent)
RESERVATIONS = rows_of(Reservation)

# Counters are added to, so that the CHECKs bite without the lock too.
MOVE = f"""
    WITH event AS (
        {EVENTS.insert_into} VALUES ({EVENTS.placeholders})
    )
    UPDATE users_userlimiter SET credits = credits + %s WHERE user_id = %s
"""

# Nothing of it where the job was reserved before. (Least of a date and nothing is the date.)
RESERVE = f"""
    WITH reservation AS (
        {RESERVATIONS.insert_into} VALUES ({RESERVATIONS.placeholders})
        ON CONFLICT (job_id) DO NOTHING
     RETURNING limiter_id
    ), event AS (
        {EVENTS.insert_into} SELECT {EVENTS.placeholders} FROM reservation
    )
    UPDATE users_userlimiter
       SET credits = credits + %s, active_jobs = active_jobs + 1,
           stored_due_at = least(
               stored_due_at, statement_timestamp() + %s * interval '1 second'
           )
      FROM reservation
     WHERE user_id = reservation.limiter_id
"""

# Nothing of it where the job was settled before, or is not the one that was reserved.
RELEASE = f"""
    WITH released AS (
        UPDATE users_reservation
           SET released_at = statement_timestamp(), outcome = %s
         WHERE job_id = %s AND limiter_id = %s AND released_at IS NULL AND item_count = %s
     RETURNING limiter_id
    ), event AS (
        {EVENTS.insert_into} SELECT {EVENTS.placeholders} FROM released
    )
    UPDATE users_userlimiter
       SET credits = credits + %s, active_jobs = active_jobs - 1
      FROM released
     WHERE user_id = released.limiter_id
"""

IS_RESERVED = "SELECT EXISTS (SELECT FROM users_reservation WHERE job_id = %s AND limiter_id = %s)"


def is_reserved(user_id: UUID, job_id: UUID) -> bool:
    """Whether the job was ever reserved, settled or not."""
    row = fetch_one(IS_RESERVED, [job_id, user_id])
    assert row is not None
    return bool(row[0])


def move(event: BillingEvent) -> None:
    """Writes the event and moves its user's balance by it."""
    execute(MOVE, [*EVENTS.values(event), event.amount, event.user_id])


def store_reservation(
    reservation: Reservation, event: BillingEvent, *, count_within: timedelta
) -> bool:
    """Takes the credits of the event and a slot; what the user keeps is counted again soon. False,
    with no effect, where there is a reservation of the job."""
    return bool(
        execute(
            RESERVE,
            [
                *RESERVATIONS.values(reservation),
                *EVENTS.values(event),
                *(event.amount, count_within.total_seconds()),
            ],
        )
    )


def store_release(job_id: UUID, item_count: int, event: BillingEvent) -> bool:
    """Gives back the credits of the event and the slot; False, with no effect, where there is no
    open reservation of the job of so many items."""
    return bool(
        execute(
            RELEASE,
            [
                *(event.type, job_id, event.user_id, item_count),
                *EVENTS.values(event),
                event.amount,
            ],
        )
    )
