"""Counting what a request asks of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

# Left out: inside a test's transaction a BEGIN becomes a SAVEPOINT and its RELEASE.
TRANSACTION_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE SAVEPOINT")


@contextmanager
def recorded_statements() -> Iterator[list[str]]:
    """Collects the SQL of the block, without transaction control, once the block has ended."""
    statements: list[str] = []
    with CaptureQueriesContext(connection) as context:
        yield statements
    statements.extend(
        query["sql"]
        for query in context.captured_queries
        if not query["sql"].startswith(TRANSACTION_CONTROL)
    )
