"""Rules of the bucket that delete photos which are still promised."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber
from django.db.models import F
from pytest_django import Settings

from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.storage.bucket import photo_storage
from jobs.tests.clock import DAY
from jobs.tests.factories import make_job
from jobs.tests.watch.examinations.told import findings
from jobs.watch.examinations.lifecycle_rules import judge_rules, longest_kept, longest_life
from s3project.embedded.stack import EmbeddedStack


def rule(days: int, prefix: str = "outputs/", **others: Any) -> dict[str, Any]:
    return {
        "ID": f"{prefix}{days}",
        "Status": "Enabled",
        "Filter": {"Prefix": prefix},
        "Expiration": {"Days": days},
        **others,
    }


def judged(
    *rules: dict[str, Any], needed: timedelta | None = 38 * DAY, kept: timedelta = 0 * DAY
) -> list[tuple[str, str]]:
    return [(one.state.value, one.finding) for one in judge_rules(rules, needed=needed, kept=kept)]


FINE = ("ok", "1 rule of the bucket, none that deletes too early")


def test_no_rule_is_right() -> None:
    assert judged() == [("ok", "no rule of the bucket, none that deletes too early")]


@pytest.mark.parametrize(
    "harmless",
    [
        rule(45),
        rule(38),
        rule(1, status="ignored", Status="Disabled"),
        rule(1, "elsewhere/"),
        rule(1, Filter={"Tag": {"Key": "a", "Value": "b"}}),
        rule(1, Filter={"And": {"Prefix": "inputs/", "Tags": [{"Key": "a", "Value": "b"}]}}),
        rule(1, Expiration={"ExpiredObjectDeleteMarker": True}),
        {"ID": "parts", "Status": "Enabled", "Prefix": "", "AbortIncompleteMultipartUpload": {}},
    ],
)
def test_a_rule_that_takes_nothing_away_is_right(harmless: dict[str, Any]) -> None:
    assert judged(harmless) == [FINE]


@pytest.mark.parametrize(
    "prefix", ["", "in", "inputs/", "inputs/u_1/", "outputs/", "previews/", "masks/", "packages/"]
)
def test_a_rule_that_deletes_before_the_retention_is_an_error(prefix: str) -> None:
    assert judged(rule(37, prefix)) == [
        ("error", f"rule {prefix}37 deletes photos after 37 days, before their time")
    ]


def test_a_rule_in_the_old_form_and_one_with_a_date_count_too() -> None:
    old = {"ID": "old", "Status": "Enabled", "Prefix": "", "Expiration": {"Days": 5}}
    dated = rule(0, Expiration={"Date": datetime.now(UTC) + timedelta(days=3, hours=1)})

    assert judged(old, dated) == [
        ("error", "rule old deletes photos after 5 days, before their time"),
        ("error", "rule outputs/0 deletes photos after 3 days, before their time"),
    ]


def test_what_is_kept_for_ever_bears_no_rule() -> None:
    assert judged(rule(4000), needed=None) == [
        ("error", "rule outputs/4000 deletes photos after 4000 days")
    ]


def test_what_an_operator_keeps_for_longer_counts() -> None:
    assert judged(rule(45), kept=90 * DAY) == [
        ("error", "rule outputs/45 deletes photos after 45 days, before their time")
    ]
    assert judged(rule(90), kept=90 * DAY) == [FINE]


def test_the_longest_life_is_that_of_the_settings(settings: Settings) -> None:
    assert longest_life() == timedelta(days=1 + 7 + 30, hours=1 + 1)
    settings.STORAGE_RETENTION = None
    assert longest_life() is None


@pytest.mark.django_db
def test_the_longest_kept_is_counted_from_the_upload() -> None:
    assert longest_kept() == timedelta(0)
    job = make_job(JobStatus.DONE)
    JobCoordinator.objects.filter(pk=job.pk).update(
        created_at=F("created_at") - 40 * DAY, kept_until=F("created_at") + 20 * DAY
    )

    assert longest_kept() == 60 * DAY
    JobCoordinator.objects.update(kept_until=F("created_at") + DAY)
    assert longest_kept() == timedelta(0), "that is over"


@pytest.mark.django_db
def test_the_rules_of_the_bucket_are_read(engines: EmbeddedStack, settings: Settings) -> None:
    assert findings("lifecycle") == judged()
    maker = engines.storage_admin()
    maker.put_bucket_lifecycle_configuration(
        Bucket=settings.STORAGE_BUCKET, LifecycleConfiguration={"Rules": [rule(3, "masks/")]}
    )
    try:
        found = findings("lifecycle")
    finally:
        maker.delete_bucket_lifecycle(Bucket=settings.STORAGE_BUCKET)

    assert found == [("error", "rule masks/3 deletes photos after 3 days, before their time")]


def test_where_the_key_pair_may_not_read_them_it_is_said() -> None:
    client = photo_storage().client
    with Stubber(client) as storage:
        storage.add_client_error("get_bucket_lifecycle_configuration", "AccessDenied")
        found = findings("lifecycle")

    assert found == [
        ("unknown", "the bucket's rules could not be looked at: this key pair may not")
    ]
