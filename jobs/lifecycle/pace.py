"""How fast photos are being finished, and how many wait: what every expected time is made of."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from jobs.lifecycle.fresh import Fresh
from jobs.states import COMPLETED, IN_WORK, sql_list
from s3project.rows import fetch_all

# What the pace is taken from: long enough for a few sets, short enough to notice a lost worker.
LATELY = timedelta(minutes=10)

# Of the last minutes: how many photos were finished, and for how many seconds anybody worked. Jobs
# that are at work side by side are one time of work, not several; results of a job that began
# before are counted as far as its time lies within, as if they had come evenly. A job without a
# result says nothing. Begins with WITH; of the statement that goes on, `pace` is one row.
PACE = f"""
    worked AS (
        SELECT done_items + failed_items AS results, queued_at AS since,
               greatest(finished_at, queued_at) AS until
          FROM jobs_jobcoordinator
         WHERE status IN {sql_list(COMPLETED)} AND storage_deleted_at IS NULL
           AND finished_at > statement_timestamp() - %(lately)s::float8 * interval '1 second'
     UNION ALL
        SELECT done_items + failed_items, queued_at, greatest(statement_timestamp(), queued_at)
          FROM jobs_jobcoordinator
         WHERE status IN {sql_list(IN_WORK)} AND done_items + failed_items > 0
    ),
    seen AS (
        SELECT results, until - since AS took, until - shown_since AS shown,
               tstzrange(shown_since, until) AS span
          FROM worked, LATERAL (
               SELECT greatest(
                          since, statement_timestamp() - %(lately)s::float8 * interval '1 second'
                      ) AS shown_since) AS bounds
         WHERE until > shown_since
    ),
    pace AS (
        SELECT coalesce(sum(results * extract(epoch FROM shown) / extract(epoch FROM took)), 0)
                   ::float8 AS finished,
               coalesce((SELECT sum(extract(epoch FROM upper(span) - lower(span)))
                           FROM (SELECT unnest(range_agg(span)) AS span FROM seen) AS together), 0)
                   ::float8 AS busy
          FROM seen
    )
"""
READ_PACE = f"""
    WITH {PACE}
    SELECT (SELECT coalesce(sum(total_items - done_items - failed_items), 0)
              FROM jobs_jobcoordinator WHERE status IN {sql_list(IN_WORK)}),
           finished, busy
      FROM pace
"""
PARAMETERS = {"lately": LATELY.total_seconds()}


@dataclass(frozen=True)
class Pace:
    """`waiting` photos are not reported yet; `finished` were lately, in `busy` seconds."""

    waiting: int
    finished: float
    busy: float

    @property
    def per_second(self) -> float:
        """Photos; 0 when none was finished lately."""
        return self.finished / max(self.busy, 1.0)

    def seconds_for(self, photos: int) -> int | None:
        """Until so many more photos are finished, when they queue up now; None for no telling."""
        return self.seconds_until(self.waiting + photos)

    def seconds_until(self, photos: int) -> int | None:
        """Until so many photos are finished, from now on; None for no telling."""
        if not self.finished:
            return None
        return ceil(photos / self.per_second)


def read_pace() -> Pace:
    """One query over jobs that are in work or finished lately."""
    return Pace(*fetch_all(READ_PACE, PARAMETERS)[0])


# What this process has read, for all who ask what a job would take.
PACE_NOW = Fresh(read_pace)
