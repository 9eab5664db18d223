"""How fast photos are being finished, and how many wait."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from jobs.states import COMPLETED, IN_WORK, sql_list

# What the pace is taken from: long enough for a few sets, short enough to notice a lost worker.
LATELY = timedelta(minutes=10)

READ_PACE = f"""
    SELECT (SELECT coalesce(sum(total_items - done_items - failed_items), 0)
              FROM jobs_jobcoordinator WHERE status IN {sql_list(IN_WORK)}),
           (SELECT coalesce(sum(done_items + failed_items), 0)
              FROM jobs_jobcoordinator
             WHERE status IN {sql_list(COMPLETED)} AND storage_deleted_at IS NULL
               AND finished_at > statement_timestamp() - %(lately)s * interval '1 second')
         + (SELECT coalesce(sum(done_items + failed_items), 0)
              FROM jobs_jobcoordinator
             WHERE status IN {sql_list(IN_WORK)}
               AND queued_at > statement_timestamp() - %(lately)s * interval '1 second')
"""


@dataclass(frozen=True)
class Pace:
    """`waiting` photos are not reported yet; `per_second` is 0 when none was finished lately."""

    waiting: int
    per_second: float

    def seconds_for(self, photos: int) -> int | None:
        """Until so many more photos are finished, when they queue up now; None for no telling."""
        if not self.per_second:
            return None
        return round((self.waiting + photos) / self.per_second)


def read_pace() -> Pace:
    """One query over jobs that are in work or finished lately."""
    with connection.cursor() as cursor:
        cursor.execute(READ_PACE, {"lately": LATELY.total_seconds()})
        waiting, finished = cursor.fetchone()
    return Pace(waiting, finished / LATELY.total_seconds())
