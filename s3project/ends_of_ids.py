"""Rows by the end of their id: what is left of it where a log or a screen has cut the rest.

The end is random, and the beginning is the time: six digits tell a million rows apart.
"""

from uuid import UUID

from django.db import connection, models
from django.db.models.functions import Cast, Right

FEWEST = 6
MOST = 20
# For an index of a table whose rows are looked for so.
END_OF_ID = Right(Cast("id", models.TextField()), FEWEST)

# MATERIALIZED: with the LIMIT inside, PostgreSQL may read the whole table from its end instead.
BY_END = f"""
    WITH found AS MATERIALIZED (
         SELECT id FROM {{table}} WHERE right(id::text, {FEWEST}) = %s
         )
    SELECT id FROM found
     WHERE replace(id::text, '-', '') LIKE %s
     ORDER BY id DESC
     LIMIT {MOST}
"""


def keys_ending(model: type[models.Model], digits: str) -> list[UUID]:
    """The newest whose hex digits end so; `model` has an index of END_OF_ID, `digits` are FEWEST or
    more, in lower case.
    """
    assert len(digits) >= FEWEST, digits
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(model._meta.db_table)
        cursor.execute(BY_END.format(table=table), [digits[-FEWEST:], f"%{digits}"])
        return [key for (key,) in cursor.fetchall()]
