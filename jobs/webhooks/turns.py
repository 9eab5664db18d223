"""Whose delivery is sent next: the slots are few, and one endpoint that hangs keeps one for ten
seconds.

An endpoint that takes what it is sent may have several slots. One that fails, or has yet to take
anything, gets one at a time, its user two, and all of them together half of all: however many
there are, and whoever makes them, the other half is for those that answer.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

SLOTS = 32
PER_ENDPOINT = 4
PER_USER = 8
UNPROVEN_PER_ENDPOINT = 1
UNPROVEN_PER_USER = 2


@dataclass(frozen=True)
class Turn:
    """A delivery that waits, or is being sent. `proven`: the last try of its endpoint succeeded."""

    delivery_id: UUID
    webhook_id: UUID
    user_id: UUID
    proven: bool
    due_at: datetime


def next_turns(
    waiting: Sequence[Turn], at_work: Collection[Turn], *, slots: int = SLOTS
) -> list[Turn]:
    """Those of `waiting` that may be sent beside `at_work`: endpoints by turns, of each the
    oldest first."""
    per_endpoint = Counter(turn.webhook_id for turn in at_work)
    per_user = Counter((turn.user_id, turn.proven) for turn in at_work)
    unproven = sum(not turn.proven for turn in at_work)
    chosen: list[Turn] = []
    for turn in _by_turns(waiting, per_endpoint):
        if len(at_work) + len(chosen) >= slots:
            break
        endpoints, users = (
            (PER_ENDPOINT, PER_USER) if turn.proven else (UNPROVEN_PER_ENDPOINT, UNPROVEN_PER_USER)
        )
        if per_endpoint[turn.webhook_id] >= endpoints:
            continue
        if per_user[turn.user_id, turn.proven] >= users:
            continue
        if not turn.proven and unproven >= slots // 2:
            continue
        per_endpoint[turn.webhook_id] += 1
        per_user[turn.user_id, turn.proven] += 1
        unproven += not turn.proven
        chosen.append(turn)
    return chosen


def _by_turns(waiting: Iterable[Turn], per_endpoint: Counter[UUID]) -> list[Turn]:
    """The first of every endpoint before the second of any; what is at work counts."""
    place = Counter(per_endpoint)
    ranked: list[tuple[int, datetime, Turn]] = []
    for turn in sorted(waiting, key=lambda turn: turn.due_at):
        ranked.append((place[turn.webhook_id], turn.due_at, turn))
        place[turn.webhook_id] += 1
    return [turn for *_, turn in sorted(ranked, key=lambda rank: rank[:2])]
