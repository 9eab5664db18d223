"""The clock of the maintenance worker."""

import pytest

from s3project.celery import app

SCHEDULE = app.conf.beat_schedule


@pytest.mark.parametrize("name", SCHEDULE)
def test_what_the_clock_sends_can_be_run_and_does_not_pile_up(name: str) -> None:
    entry = SCHEDULE[name]
    app.loader.import_default_modules()

    assert entry["task"] in app.tasks
    assert entry["options"]["queue"] == "maintenance"
    # A message that waited longer than its period would only repeat the next one.
    assert entry["options"]["expires"] <= entry["schedule"]


def test_everything_that_ends_by_itself_is_on_the_clock() -> None:
    assert {entry["task"] for entry in SCHEDULE.values()} >= {
        "jobs.dispatch_due_items",
        "jobs.count_storage",
        "jobs.expire_jobs",
        "jobs.delete_expired_objects",
        "jobs.erase_users",
        "jobs.send_webhooks",
        "users.delete_expired_answers",
        "users.delete_expired_sessions",
    }


def test_who_deletes_the_account_waits_for_no_more_than_a_minute() -> None:
    """Contract §3.8."""
    assert SCHEDULE["erase_users"]["schedule"] <= 60
