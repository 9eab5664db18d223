"""How fast photos are being finished, and how many wait."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from django.db import connection

from jobs.states import COMPLETED, IN_WORK, sql_list

# What the pace is taken from: long enough for a few sets, short enough to notice a lost worker.
LATELY = timedelta(minutes=10)

READ_PACE = f"""
    SELECT coalesce(sum(waiting), 0), coalesce(sum(finished), 0),
           coalesce(extract(epoch FROM sum(took)), 0)::float8
      FROM (SELECT 0 AS waiting, done_items + failed_items AS finished,
                   finished_at - queued_at AS took
              FROM jobs_jobcoordinator
             WHERE status IN {sql_list(COMPLETED)} AND storage_deleted_at IS NULL
               AND finished_at > statement_timestamp() - %(lately)s * interval '1 second'
         UNION ALL
            SELECT total_items - done_items - failed_items,
                   CASE WHEN lately THEN done_items + failed_items END,
                   CASE WHEN lately AND done_items + failed_items > 0
                        THEN statement_timestamp() - queued_at END
              FROM (SELECT *, queued_at > statement_timestamp() - %(lately)s * interval '1 second'
                              AS lately
                      FROM jobs_jobcoordinator WHERE status IN {sql_list(IN_WORK)}) AS in_work)
           AS jobs
"""


@dataclass(frozen=True)
class Pace:
    """`waiting` photos are not reported yet; `finished` were lately, in jobs that were in work for
    `took` seconds, added up.
    """

    waiting: int
    finished: int
    took: float

    @property
    def per_second(self) -> float:
        """Photos; 0 when none was finished lately.

        Over the whole span where it was busy; where it was idle for most of it, over the time of
        the jobs, which those that ran side by side only lengthen.
        """
        return self.finished / min(LATELY.total_seconds(), max(self.took, 1.0))

    def seconds_for(self, photos: int) -> int | None:
        """Until so many more photos are finished, when they queue up now; None for no telling."""
        if not self.finished:
            return None
        return ceil((self.waiting + photos) / self.per_second)


def read_pace() -> Pace:
    """One query over jobs that are in work or finished lately."""
    with connection.cursor() as cursor:
        cursor.execute(READ_PACE, {"lately": LATELY.total_seconds()})
        return Pace(*cursor.fetchone())
