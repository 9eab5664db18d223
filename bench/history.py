#!/usr/bin/env python3
"""The history of a service: users, jobs, photos, money, sessions, packages, webhooks and acts.

    .venv/bin/python bench/history.py DATABASE [--jobs 1000000] [--users 50000] [--seed 1]

DATABASE is the owner's URL of an empty database to fill (`MIGRATION_DATABASE_URL` of a stack), or
the name of a database to be created beside the one of the stack that runs; either is migrated
first. A million jobs take some minutes and 5 GB.

What it makes is what two years of a growing service leave behind (`history.sql`): few users with
most of the jobs, 93 in 100 done, photos deleted from the storage after 30 days and from the items
after 90, and at the end some jobs that are open. It is the same for the same seed, size and
`--until`, all constraints hold, and `manage.py audit` finds nothing for the half hour that the open
leases last. The storage has none of the photos.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

import psycopg
from psycopg import sql

from s3project.embedded import processes
from s3project.provision.database_roles import grant_statements
from s3project.running_stack import running_stack

SQL = PROJECT / "bench" / "history.sql"
STEP = re.compile(r"^-- == (.+?)(: each batch)?$", re.MULTILINE)
BATCH = 50_000
FEWEST_JOBS = 1000


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("database")
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, help="a twentieth of the jobs, unless given")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--until", type=datetime.fromisoformat, help="now, unless given")
    options = parser.parse_args()
    if options.jobs < FEWEST_JOBS:
        parser.error(f"at least {FEWEST_JOBS} jobs")
    url = prepared(options.database)
    fill(
        url,
        jobs=options.jobs,
        users=options.users or options.jobs // 20,
        seed=options.seed,
        until=options.until or datetime.now(UTC).replace(second=0, microsecond=0),
    )
    print(url)
    return 0


def prepared(database: str) -> str:
    """The owner's URL of the database, which is there, migrated and open to the service's role."""
    url = database
    service = os.environ.get("DATABASE_URL", "")
    if "://" not in database:
        stack = {**running_stack(PROJECT), **os.environ}
        owner, service = stack[processes.MIGRATES], stack["DATABASE_URL"]
        with psycopg.connect(owner, autocommit=True) as connection:
            name = sql.Identifier(database)
            connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        url = urlsplit(owner)._replace(path=f"/{database}").geturl()
    migrate = processes.manage_argv("migrate", "--no-input", "--verbosity", "0")
    environment = {**os.environ, "S3_STACK": "off", "DATABASE_URL": url, processes.MIGRATES: url}
    subprocess.run(migrate, cwd=PROJECT, env=environment, check=True)
    role = urlsplit(service).username
    if role:
        with psycopg.connect(url, autocommit=True) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables").fetchall()
            for statement in grant_statements(role, {str(table) for (table,) in tables}):
                connection.execute(statement)
    return url


def fill(url: str, *, jobs: int, users: int, seed: int, until: datetime) -> None:
    """Runs every step of `history.sql`, saying which. Raises SystemExit where there are jobs."""
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        if connection.execute("SELECT FROM jobs_jobcoordinator LIMIT 1").fetchone():
            raise SystemExit("The database has jobs: a history begins in an empty one.")
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET timezone = 'UTC'")
        connection.execute("SET temp_buffers = '256MB'")
        connection.execute("SET work_mem = '256MB'")
        # Tables grow faster than their statistics: a loop over what was few would not end.
        connection.execute("SET enable_nestloop = off")
        connection.execute("SET session_replication_role = 'replica'")  # see `broken_keys`
        size = {"jobs": jobs, "users": users, "seed": seed, "until": until}
        once, each_batch = [], []
        for name, statements, is_batched in steps():
            (each_batch if is_batched else once).append((name, statements))
        before, after = once[: -len(AFTER)], once[-len(AFTER) :]
        for name, statements in before:
            _run(connection, name, statements, size)
        for first in range(1, jobs + 1, BATCH):
            place = {"first": first, "last": min(first + BATCH - 1, jobs)}
            for name, statements in each_batch:
                _run(connection, f"{name}, {place['last']:,}", statements, size | place)
        for name, statements in after:
            _run(connection, name, statements, size)
        connection.execute("VACUUM (ANALYZE)")
        for table, key, number in broken_keys(connection):
            raise SystemExit(f"{number} rows of {table} break {key}: the generator is wrong.")


def steps() -> Iterator[tuple[str, str, bool]]:
    """Name, statements and whether they are of a batch of jobs."""
    parts = STEP.split(SQL.read_text())[1:]
    for name, is_batched, statements in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        yield name, statements, is_batched is not None


# The steps that follow the batches.
AFTER = ("the ledger's beginning", "the audit log", "statistics")

FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, conname,
           (SELECT string_agg(format('child.%I = parent.%I', a.attname, b.attname), ' AND ')
              FROM unnest(conkey, confkey) AS pair (a, b)
              JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = pair.a
              JOIN pg_attribute b ON b.attrelid = confrelid AND b.attnum = pair.b),
           confrelid::regclass::text,
           (SELECT string_agg(format('child.%I IS NOT NULL', attname), ' AND ')
              FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey))
      FROM pg_constraint
     WHERE contype = 'f'
"""


def broken_keys(
    connection: psycopg.Connection[tuple[object, ...]],
) -> Iterator[tuple[str, str, int]]:
    """Foreign keys that rows break, and how many do. They are looked at once for each table: to
    check each row as it comes would take longer than to make it."""
    keys = psycopg.Cursor(connection).execute(FOREIGN_KEYS).fetchall()
    for table, key, same, parent, given in keys:
        statement = (
            f"SELECT count(*) FROM {table} AS child "
            f"WHERE {given} AND NOT EXISTS (SELECT FROM {parent} AS parent WHERE {same})"
        )
        row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        if row[0]:
            yield str(table), str(key), int(str(row[0]))


def _run(
    connection: psycopg.Connection[tuple[object, ...]],
    name: str,
    statements: str,
    parameters: dict[str, object],
) -> None:
    started = time.perf_counter()
    connection.execute(statements.encode(), parameters)
    print(f"{time.perf_counter() - started:7.1f} s  {name}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
