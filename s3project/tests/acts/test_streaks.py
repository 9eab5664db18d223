"""Refusals that cost their sender nothing do not fill the audit log."""

import logging
from uuid import uuid4

import pytest
from django.conf import LazySettings

from s3project.acts import streaks
from s3project.acts.actor import Actor
from s3project.acts.models import Act
from s3project.acts.streaks import record_streak
from s3project.acts.words import Action, ActorKind
from s3project.api.firm_limits import LocalLimiter
from s3project.api.rates import Rate

pytestmark = pytest.mark.django_db
ANYONE = Actor(ActorKind.ANYONE, address="192.0.2.7")


@pytest.fixture
def source() -> str:
    return uuid4().hex


@pytest.fixture(params=["the store", "no store"])
def anywhere(request: pytest.FixtureRequest, settings: LazySettings) -> None:
    if request.param == "no store":
        settings.RATE_LIMIT_URL = "redis://127.0.0.1:1/0"


@pytest.mark.usefixtures("anywhere")
def test_a_thousand_refusals_are_four_rows(source: str) -> None:
    lengths = [
        record_streak(Action.CALLBACK_REFUSED, actor=ANYONE, source=source) for _ in range(1234)
    ]

    assert lengths == list(range(1, 1235))
    written = Act.objects.order_by("id").values_list("details", flat=True)
    assert list(written) == [{"times": 1}, {"times": 10}, {"times": 100}, {"times": 1000}]


def test_each_source_has_a_streak_of_its_own(source: str) -> None:
    for name in ("a", "b", "a"):
        record_streak(Action.CALLBACK_REFUSED, actor=ANYONE, source=name + source)

    assert Act.objects.count() == 2


def test_many_sources_together_write_no_more_than_a_few_hundred_rows(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaks, "ROWS", Rate(5, 3600))
    local = LocalLimiter()
    monkeypatch.setattr(streaks, "take", local.take)

    for number in range(20):
        record_streak(Action.CALLBACK_REFUSED, actor=ANYONE, source=f"{source}{number}")

    assert Act.objects.count() == 5


def test_every_one_of_a_streak_is_logged(source: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger=streaks.logger.name):
        for _ in range(3):
            record_streak(Action.CALLBACK_REFUSED, actor=ANYONE, source=source)

    assert [record.getMessage() for record in caplog.records] == [
        f"callback.refused, {times} in a row: {source} " for times in (1, 2, 3)
    ]
