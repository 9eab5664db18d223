"""The time that a user's photos took lately beyond what photos usually take (`jobs/limits.py`): it
counts against the user's share of the workers.
"""

from datetime import timedelta

# How long it counts.
REMEMBERED = timedelta(minutes=15)


def overtime_of(user_id: str) -> str:
    """Milliseconds over all of a user's jobs, as an expression of SQL; `user_id` is a column, or a
    placeholder. Through an index of the few jobs that have any."""
    return f"""
           (SELECT coalesce(sum(late.overtime_ms), 0)::bigint
              FROM jobs_jobcoordinator AS late
             WHERE late.user_id = {user_id}
               AND late.overtime_at >= statement_timestamp()
                                       - interval '{REMEMBERED.total_seconds():.0f} seconds')"""
