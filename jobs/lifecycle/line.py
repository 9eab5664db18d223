"""The line that photos wait in for a worker, and where each job stands in it (contract §3.2).

Workers take the lowest level first, and within a level what was sent first
(docs/adr/0008-fair-share.md). When a chunk was sent, its items' lease of the queue tells: all are
as long. What was not sent yet, because its job has enough at work, comes after what was sent of
the same level.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from jobs.delivery.fair_share import LEVELS, level_of
from jobs.lifecycle.fresh import Fresh
from jobs.lifecycle.pace import PACE, PARAMETERS, Pace
from jobs.limits import USUAL_MS
from jobs.models.item_phases import IN_HAND, LEASED, PENDING
from jobs.models.overtime import overtime_of
from jobs.states import IN_WORK, sql_list
from s3project.rows import fetch_all
from users.plans import PLANS

# How many chunks of a job were sent before one of each level but the first.
_THRESHOLDS = [
    next(served for served in range(10_000) if level_of(served, size=1, weight=1) == level)
    for level in range(1, LEVELS)
]
_WEIGHT = " ".join(f"WHEN '{plan.name}' THEN {plan.weight}" for plan in PLANS.values())

# By job in work: how many photos of others are served before its next one, and how many before its
# last one; its own photos that wait; all photos that are in somebody's hands.
READ_LINE = f"""
    WITH {PACE},
    job AS (
        SELECT job.id, job.queued_at, CASE plan {_WEIGHT} ELSE 1 END AS weight,
               {overtime_of("job.user_id")} / {USUAL_MS} AS overtime
          FROM jobs_jobcoordinator AS job JOIN users_user ON users_user.id = job.user_id
         WHERE job.status IN {sql_list(IN_WORK)}
    ),
    item AS (
        SELECT job.id, job.queued_at, job.weight, job.overtime, item.idx, {IN_HAND} AS in_hand,
               item.attempt > 0 AND {LEASED} AS is_sent, item.lease_expires_at,
               -- A photo that a worker was lost with goes alone.
               CASE WHEN item.attempt > 1 THEN item.idx
                    ELSE item.idx - item.idx %% %(size)s::int END AS begins
          FROM job JOIN jobs_jobitem AS item ON item.job_id = job.id
         WHERE {PENDING}
    ),
    line AS (
        SELECT id, row_number() OVER (
                   ORDER BY width_bucket((begins + overtime) / %(size)s::int / weight,
                                         %(thresholds)s::int[]),
                            NOT is_sent, CASE WHEN is_sent THEN lease_expires_at END,
                            queued_at, id, idx) AS place
          FROM item WHERE NOT in_hand
    )
    SELECT job.id, coalesce(min(place) - 1, 0), coalesce(max(place) - count(place), 0),
           count(place), (SELECT count(*) FROM item WHERE in_hand),
           (SELECT finished FROM pace), (SELECT busy FROM pace)
      FROM job LEFT JOIN line ON line.id = job.id
     GROUP BY job.id
"""


@dataclass(frozen=True, slots=True)
class Place:
    """`ahead`: photos of others before the job's next one. `eta_seconds`: until its last one is
    finished, in steps, so that it does not change with every second; None for no telling."""

    ahead: int
    eta_seconds: int | None


def read_line() -> dict[UUID, Place]:
    """Of every job in work. One query, over all photos that are pending."""
    parameters: dict[str, Any] = {
        **PARAMETERS,
        "size": settings.BATCH_CONCURRENCY,
        "thresholds": _THRESHOLDS,
    }
    places = {}
    for job_id, ahead, before_last, own, in_hand, finished, busy in fetch_all(
        READ_LINE, parameters
    ):
        pace = Pace(before_last + own + in_hand, finished, busy)
        places[job_id] = Place(ahead, _in_steps(pace.seconds_until(pace.waiting)))
    return places


def _in_steps(seconds: int | None) -> int | None:
    """5 s up to a minute, 15 s up to ten, then minutes; never less than it is."""
    if seconds is None:
        return None
    step = 5 if seconds <= 60 else 15 if seconds <= 600 else 60
    return max(-(-seconds // step) * step, step)


class Line(Fresh[Mapping[UUID, Place]]):
    """What this process has read, for all who ask."""

    def __init__(self) -> None:
        super().__init__(read_line)

    def place_of(self, job_id: UUID) -> Place | None:
        """Where a job in work stands; None for one that has just ceased to be. No query where
        others asked a moment ago, and one for a job that has just begun."""
        places = self.get()
        if job_id not in places:
            places = self.get(read_after=time.monotonic())
        return places.get(job_id)


LINE = Line()
