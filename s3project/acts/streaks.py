"""What happens by the thousand: one row for a streak, not one for each time.

A refusal costs its sender nothing, so the log must not grow with them. Within an hour of the first
one, the first, the tenth, the hundredth … of one kind and one source are written down, and of all
sources together at most `ROWS`. Every one of them is in the process's log,
unless the caller wants a line in so many seconds.
"""

import logging
from collections.abc import Mapping

from django.db import InterfaceError, OperationalError

from s3project.acts.actor import Actor
from s3project.acts.record import Fact, record_act
from s3project.acts.words import Action, ObjectKind
from s3project.api.firm_limits import count, take
from s3project.api.rates import Rate

logger = logging.getLogger(__name__)

STREAK_SECONDS = 3600
ROWS = Rate(300, 3600)


def record_streak(
    action: Action,
    *,
    actor: Actor,
    source: str,
    kind: ObjectKind = ObjectKind.NOTHING,
    object_id: str = "",
    details: Mapping[str, Fact] | None = None,
    log_seconds: int = 0,
) -> int:
    """Counts one more of a streak and writes it down where its length is a power of ten; returns
    the length. `source` is whose streak it is: a client's network, a user's id. With `log_seconds`
    the process's log has at most one line of it in that time."""
    times = count(f"streak:{action}:{source}", STREAK_SECONDS)
    if not log_seconds or count(f"streak-line:{action}:{source}", log_seconds) == 1:
        logger.warning("%s, %s in a row: %s %s", action, times, source, object_id)
    if is_power_of_ten(times) and take(f"streak-rows:{action}", ROWS).allowed:
        try:
            record_act(
                action,
                actor=actor,
                kind=kind,
                object_id=object_id,
                details={**(details or {}), "times": times},
            )
        except (OperationalError, InterfaceError):
            # A refusal stays one while the database is away, and the line above tells of it.
            logger.exception("%s could not be written to the audit log", action)
    return times


def is_power_of_ten(number: int) -> bool:
    text = str(number)
    return text == "1" + "0" * (len(text) - 1)
