"""All rows of one moment to files, and back."""

import gzip
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from s3project import __version__
from s3project.backup.manifest import BadBackup, Manifest, Table, fingerprints

# What migrations write themselves.
HISTORY = MigrationRecorder.Migration._meta.db_table
# An installation with rows in one of them is in use.
IN_USE = {"users_user", "jobs_jobcoordinator", "billing_events"}
PIECE = 1024 * 1024  # bytes
COMPRESSION = 3

TABLES = """
    SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position)
      FROM information_schema.columns
      JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> %s
       AND is_generated = 'NEVER'
     GROUP BY table_name ORDER BY table_name
"""
SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"


class InUse(Exception):
    """By what somebody uses the database: nothing is restored over it."""


def dump_database(folder: Path) -> Manifest:
    """Writes a file for each table into `folder`, all of one snapshot; whoever is at work is not
    in the way and goes on. Returns what there is to know of it, still without objects."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = 0")
        made_at = datetime.now(UTC).isoformat(timespec="seconds")
        cursor.execute(TABLES, [HISTORY])
        columns: dict[str, list[str]] = dict(cursor.fetchall())
        tables = {name: _dump(cursor, folder, name, each) for name, each in columns.items()}
        cursor.execute(SEQUENCES)
        sequences = {name: _position(cursor, name) for (name,) in cursor.fetchall()}
        applied = sorted(MigrationRecorder(connection).applied_migrations())
    return Manifest(
        version=__version__,
        made_at=made_at,
        migrations=applied,
        tables=tables,
        sequences=sequences,
        fingerprints=fingerprints(),
    )


def _dump(cursor: Any, folder: Path, name: str, columns: list[str]) -> Table:
    seen = hashlib.sha256()
    statement = sql.SQL("COPY {} ({}) TO STDOUT").format(
        sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with gzip.open(file_of(folder, name), "wb", compresslevel=COMPRESSION) as file:
        with cursor.copy(statement) as rows:
            for piece in rows:
                seen.update(piece)
                file.write(piece)
        count = cursor.rowcount
    return Table(columns, count, seen.hexdigest())


def _position(cursor: Any, name: str) -> tuple[int, bool]:
    cursor.execute(sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(name)))
    last, is_called = cursor.fetchone()
    return last, is_called


def file_of(folder: Path, table: str) -> Path:
    return folder / f"{table}.copy.gz"


def check_unused(manifest: Manifest) -> bool:
    """Whether there are tables at all. Raises InUse where one of somebody else is among them, or
    ours have users, jobs or money."""
    with connection.cursor() as cursor:
        found = set(connection.introspection.table_names(cursor))
        ours = {HISTORY, *manifest.tables, *connection.introspection.django_table_names()}
        if found - ours:
            raise InUse(f"{min(found - ours)} is none of ours")
        for table in found & IN_USE:
            cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table)))
            if cursor.fetchone()[0]:
                raise InUse(f"{table} has rows")
    return bool(found)


def load_database(folder: Path, manifest: Manifest) -> None:
    """Makes the schema of the backup's migrations anew and fills it; to be run as the owner of an
    unused database. What newer migrations change is left to them.

    Raises InUse or BadBackup. Where it breaks off, the database is unused as before, and it can be
    begun again.
    """
    for name, table in manifest.tables.items():
        if _read(file_of(folder, name)) != table.sha256:
            raise BadBackup(f"{file_of(folder, name).name} is not what was written")
    if check_unused(manifest):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
    _migrate_to(manifest)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        for name in manifest.tables:
            _empty(cursor, name)
        for name, table in manifest.tables.items():
            _load(cursor, folder, name, table)
        for name, position in manifest.sequences.items():
            cursor.execute("SELECT setval(%s, %s, %s)", [name, *position])
        # What refers to what is looked at here, and not first at the commit.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _empty(cursor: Any, table: str) -> None:
    """Of what migrations put there, which the backup has too."""
    name = sql.Identifier(table)
    cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(name))
    if cursor.fetchone()[0]:
        cursor.execute(sql.SQL("DELETE FROM {}").format(name))


def _migrate_to(manifest: Manifest) -> None:
    executor = MigrationExecutor(connection)
    unknown = [each for each in manifest.migrations if each not in executor.loader.graph.nodes]
    if unknown:
        names = ", ".join(f"{app}.{name}" for app, name in unknown[:3])
        raise BadBackup(
            f"this version of S3 ({__version__}) does not know {names}: take a newer one"
        )
    last = dict(sorted(manifest.migrations))
    executor.migrate(list(last.items()))
    made = set(MigrationRecorder(connection).applied_migrations())
    if made != set(manifest.migrations):
        raise BadBackup("its migrations cannot be applied again as they were")


def _load(cursor: Any, folder: Path, name: str, table: Table) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, table.columns))
    )
    with cursor.copy(statement) as rows:
        for piece in _pieces(file_of(folder, name)):
            rows.write(piece)
    if cursor.rowcount != table.rows:
        raise BadBackup(f"{file_of(folder, name).name} has another number of rows")


def _read(path: Path) -> str:
    """Its digest."""
    seen = hashlib.sha256()
    for piece in _pieces(path):
        seen.update(piece)
    return seen.hexdigest()


def _pieces(path: Path) -> Iterator[bytes]:
    with _as_bad_backup(path), gzip.open(path, "rb") as file:
        while piece := file.read(PIECE):
            yield piece


@contextmanager
def _as_bad_backup(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError) as error:
        raise BadBackup(f"{path.name} cannot be read ({type(error).__name__})") from None
