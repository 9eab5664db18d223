"""Migrations keep nobody waiting, and leave the version before running."""

import pytest
from django.db import migrations

from s3project.testing.migration_rules import RULES, broken_rules, judge

# Of the week in which there was the first edition: nobody has tables that are large.
FIRST_WEEK = frozenset({
    *("jobs.0002_ordered_concepts", "jobs.0003_storage_deleted_at", "jobs.0004_archive"),
    *("jobs.0006_keep_job_rows", "jobs.0007_restore_archived_jobs", "jobs.0008_what_clients_say"),
    *("jobs.0009_the_same_photos", "jobs.0010_deleted_jobs", "jobs.0014_overtime_is_rare"),
    *("users.0006_deleted_users", "users.0008_storage_use"),
})  # fmt: skip
# Each with the reason why it may.
EXCUSED = {"jobs.0018_groups_of_operators": "it makes four groups"}


@pytest.mark.django_db(transaction=True)
def test_no_migration_breaks_a_rule_but_those_that_are_excused() -> None:
    broken = list(broken_rules())

    new = [one for one in broken if one.migration not in FIRST_WEEK | EXCUSED.keys()]
    assert new == []
    assert {one.migration for one in broken} == FIRST_WEEK | EXCUSED.keys(), "no more excused"


BAD = {
    'CREATE INDEX "a" ON "jobs_jobitem" ("b")': "an index is made beside",
    'CREATE UNIQUE INDEX "a" ON "jobs_jobitem" ("b")': "an index is made beside",
    'ALTER TABLE "jobs_log" ADD CONSTRAINT "a" CHECK ("b" > 0)': "a constraint is added NOT VALID",
    'ALTER TABLE "jobs_log" ADD CONSTRAINT "a" FOREIGN KEY ("b") REFERENCES "users_user" ("id")': (
        "a constraint is added NOT VALID"
    ),
    'ALTER TABLE "jobs_log" ADD CONSTRAINT "a" UNIQUE ("b")': "a unique constraint is made of an",
    'ALTER TABLE "jobs_log" ADD COLUMN "a" uuid NULL REFERENCES "users_user" ("id")': (
        "a foreign key is a constraint of its own"
    ),
    'ALTER TABLE "jobs_log" ADD COLUMN "a" integer NOT NULL': "a new column is null or has",
    'ALTER TABLE "jobs_log" ALTER COLUMN "a" DROP DEFAULT': "a default must stay",
    'ALTER TABLE "jobs_log" ADD COLUMN "a" uuid DEFAULT (gen_random_uuid()) NOT NULL': (
        "each row would be written anew: a column that is null"
    ),
    'ALTER TABLE "jobs_log" ALTER COLUMN "a" TYPE bigint USING "a"::bigint': (
        "each row would be written anew: a new column"
    ),
    'ALTER TABLE "jobs_log" ALTER COLUMN "a" SET NOT NULL': "all rows would be read",
    'ALTER TABLE "jobs_log" DROP COLUMN "a" CASCADE': "the version before still uses it",
    'ALTER TABLE "jobs_log" RENAME COLUMN "a" TO "b"': "the version before still uses it",
    'ALTER TABLE "jobs_log" RENAME TO "b"': "the version before still uses it",
    'DROP TABLE "jobs_log" CASCADE': "the version before still uses it",
    'UPDATE "jobs_log" SET "a" = 1': "rows are changed by the page",
    "WITH old AS (SELECT 1) DELETE FROM jobs_log USING old": "rows are changed by the page",
    "LOCK TABLE jobs_log": "the whole table would be locked",
}
GOOD = (
    'CREATE INDEX CONCURRENTLY "a" ON "jobs_jobitem" ("b")',
    'ALTER TABLE "jobs_log" ADD CONSTRAINT "a" CHECK ("b" > 0) NOT VALID',
    'ALTER TABLE "jobs_log" VALIDATE CONSTRAINT "a"',
    'ALTER TABLE "jobs_log" ADD CONSTRAINT "a" UNIQUE USING INDEX "b"',
    'ALTER TABLE "jobs_log" ADD COLUMN "a" integer NULL',
    'ALTER TABLE "jobs_log" ADD COLUMN "a" integer DEFAULT 0 NOT NULL',
    'CREATE TABLE "jobs_new" ("id" bigint NOT NULL); CREATE INDEX "a" ON "jobs_new" ("id")',
    'CREATE INDEX "a" ON "jobs_auditrun" ("rows")',
    "-- UPDATE jobs_log SET a = 1\nSELECT 1",
    "CREATE FUNCTION a() RETURNS trigger AS $$ BEGIN UPDATE jobs_log SET a = 1; END $$",
    'CREATE TRIGGER "a" BEFORE UPDATE OR DELETE ON acts FOR EACH STATEMENT EXECUTE FUNCTION a()',
)


def rules_of(*statements: str) -> list[str]:
    return [one.rule for one in judge(migrations.Migration("0099_new", "jobs"), statements)]


@pytest.mark.parametrize(("statement", "rule"), BAD.items())
def test_a_statement_that_breaks_a_rule_is_found(statement: str, rule: str) -> None:
    [said] = rules_of(statement)

    assert said.startswith(rule)


@pytest.mark.parametrize("statement", GOOD)
def test_what_is_done_as_it_should_be_is_not(statement: str) -> None:
    assert rules_of(statement) == []


def test_each_rule_has_a_statement_that_breaks_it() -> None:
    assert {rule.text for rule in RULES} == {said for one in BAD for said in rules_of(one)}


def test_code_that_changes_rows_is_found() -> None:
    class Migration(migrations.Migration):
        operations = [migrations.RunPython(migrations.RunPython.noop)]

    [found] = judge(Migration("0099_new", "jobs"), [])

    assert (found.migration, found.statement) == ("jobs.0099_new", "RunPython")
