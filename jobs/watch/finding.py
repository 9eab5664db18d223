"""Finding jobs by what is in them, among very many: each look goes through an index of few rows."""

import json
from uuid import UUID

from django.db import connection

from jobs.states import COMPLETED, sql_list

MOST = 200
# Of errors only the newest failures are looked at.
FAILURES_READ = 1000

# MATERIALIZED: with the LIMIT inside, PostgreSQL may read the whole table from its end instead.
BY_METADATA = f"""
    WITH found AS MATERIALIZED (
         SELECT id FROM jobs_jobcoordinator
          WHERE NOT (metadata = '{{}}'::jsonb) AND metadata @? %s::jsonpath
         )
    SELECT id FROM found ORDER BY id DESC LIMIT {MOST}
"""
BY_ERROR = f"""
    WITH failing AS MATERIALIZED (
         SELECT id FROM jobs_jobcoordinator
          WHERE failed_items > 0 AND status IN {sql_list(COMPLETED)}
          ORDER BY finished_at DESC
          LIMIT {FAILURES_READ}
         )
    SELECT DISTINCT item.job_id
      FROM failing JOIN jobs_jobitem item ON item.job_id = failing.id
     WHERE item.status = 'failed' AND position(lower(%s::text) IN lower(item.error)) > 0
     ORDER BY item.job_id DESC
     LIMIT {MOST}
"""


def jobs_by_metadata(text: str) -> list[UUID]:
    """The newest with this value under any key, or `key=value`."""
    key, mark, value = text.partition("=")
    path = f"$.{_quoted(key)}" if mark else "$.*"
    return _ids(BY_METADATA, f"{path} ? (@ == {_quoted(value if mark else text)})")


def jobs_by_error(text: str) -> list[UUID]:
    """Of the newest jobs with failures those in which an error has this text."""
    return _ids(BY_ERROR, text)


def _quoted(text: str) -> str:
    """A string of jsonpath, which writes them as JSON does."""
    return json.dumps(text)


def _ids(statement: str, parameter: str) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [parameter])
        return [job_id for (job_id,) in cursor.fetchall()]
