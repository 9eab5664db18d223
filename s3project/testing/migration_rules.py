"""What a migration may not do to a table that grows with use: keep everybody waiting while it reads
or writes all of it, or take away what the version before, which still runs, needs.

Each rule is about one statement of PostgreSQL as Django would send it. Tables that the migration
makes itself are empty, and those of `SMALL` stay so.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.migrations import Migration, RunPython
from django.db.migrations.loader import MigrationLoader

OURS = frozenset({"jobs", "users", "acts"})
# Rows by the dozen, or of the last days only.
SMALL = frozenset({"jobs_auditrun", "jobs_beat", "jobs_workerhost", "users_invite"})
NAME = r'"?(\w+)"?'


@dataclass(frozen=True)
class Broken:
    """One statement that breaks a rule, and how it is done instead."""

    migration: str
    rule: str
    statement: str


@dataclass(frozen=True)
class Rule:
    """`pattern` finds the statement, and in its first group the table."""

    text: str
    pattern: re.Pattern[str]


def _rule(text: str, pattern: str) -> Rule:
    return Rule(text, re.compile(pattern, re.IGNORECASE | re.DOTALL))


ALTER = rf"^ALTER TABLE (?:IF EXISTS )?(?:ONLY )?{NAME} .*"
RULES = (
    _rule(
        "an index is made beside the work: AddIndexConcurrently, atomic = False",
        rf"^CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY).* ON (?:ONLY )?{NAME}",
    ),
    _rule(
        "a constraint is added NOT VALID, and validated by a migration of its own: "
        "AddConstraintNotValid, ValidateConstraint",
        rf"{ALTER}\bADD CONSTRAINT\b(?=.*\b(?:CHECK|REFERENCES)\b)(?!.*\bNOT VALID\b)",
    ),
    _rule(
        "a unique constraint is made of an index that was made CONCURRENTLY (USING INDEX)",
        rf"{ALTER}\bADD CONSTRAINT\b.*\b(?:UNIQUE|PRIMARY KEY|EXCLUDE)\b(?!.*\bUSING INDEX\b)",
    ),
    _rule(
        "a foreign key is a constraint of its own: db_constraint=False, then NOT VALID",
        rf"{ALTER}\bADD COLUMN\b(?=.*\bREFERENCES\b)",
    ),
    _rule(
        "a new column is null or has a db_default: the version before writes rows without it",
        rf"{ALTER}\bADD COLUMN\b(?!.*\bDEFAULT\b)(?=.*(?<!IS )\bNOT NULL\b)",
    ),
    _rule(
        "a default must stay until nothing of the version before runs: db_default",
        rf"{ALTER}\bDROP DEFAULT\b",
    ),
    _rule(
        "each row would be written anew: a column that is null, filled in small steps",
        rf"{ALTER}\bADD COLUMN\b(?=.*(?:\b(?:random|clock_timestamp|gen_random_uuid|nextval)\(|"
        r"\bGENERATED\b|\bSERIAL\b))",
    ),
    _rule(
        "each row would be written anew: a new column beside the old one",
        rf"{ALTER}\bALTER COLUMN\b.*\bTYPE\b",
    ),
    _rule(
        "all rows would be read under the lock: a CHECK that is validated comes first",
        rf"{ALTER}\bSET NOT NULL\b",
    ),
    _rule(
        "the version before still uses it: take it away one version after nothing does",
        rf"{ALTER}(?:\bDROP COLUMN\b|\bRENAME\b)",
    ),
    _rule(
        "the version before still uses it: take it away one version after nothing does",
        rf"^DROP TABLE (?:IF EXISTS )?{NAME}",
    ),
    _rule(
        "rows are changed by the page, by maintenance or a command, not in one statement",
        rf"^(?:WITH .*)?\b(?:UPDATE|DELETE FROM|INSERT INTO) (?:ONLY )?{NAME}",
    ),
    _rule(
        "the whole table would be locked",
        rf"^(?:LOCK TABLE|CLUSTER|VACUUM FULL|REINDEX (?:TABLE|INDEX)(?! CONCURRENTLY)) {NAME}",
    ),
)
BY_CODE = "rows are changed by the page, by maintenance or a command: RunPython is one transaction"


def broken_rules() -> Iterator[Broken]:
    """Of all our migrations, in the order in which they are applied. Not inside a transaction."""
    loader = MigrationLoader(connection, replace_migrations=False)
    state = loader.project_state([], at_end=False)
    for key in _in_order(loader):
        migration = loader.graph.nodes[key]
        with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
            state = migration.apply(state, editor, collect_sql=True)
        if key[0] in OURS:
            yield from judge(migration, [str(sql) for sql in editor.collected_sql])


def judge(migration: Migration, statements: Sequence[str]) -> Iterator[Broken]:
    name = f"{migration.app_label}.{migration.name}"
    made = set(SMALL)
    for statement in _plain(statements):
        if new := re.match(rf"CREATE TABLE {NAME}", statement):
            made.add(new[1])
        for rule in RULES:
            found = rule.pattern.search(statement)
            if found and found[1] not in made:
                yield Broken(name, rule.text, statement)
    if any(isinstance(one, RunPython) for one in migration.operations):
        yield Broken(name, BY_CODE, "RunPython")


def _plain(statements: Sequence[str]) -> Iterator[str]:
    """Without comments; bodies of functions are not run by making them."""
    for text in statements:
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
        without_bodies = re.sub(r"\$(\w*)\$.*?\$\1\$", "''", "\n".join(lines), flags=re.DOTALL)
        for statement in without_bodies.split(";"):
            if plain := " ".join(statement.split()):
                yield plain


def _in_order(loader: MigrationLoader) -> list[tuple[str, str]]:
    order: dict[tuple[str, str], None] = {}
    for leaf in sorted(loader.graph.leaf_nodes()):
        order.update(dict.fromkeys(loader.graph.forwards_plan(leaf)))
    return list(order)
