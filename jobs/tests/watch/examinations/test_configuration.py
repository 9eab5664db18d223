"""The settings: what Django says of them, and how strong the secrets are."""

import pytest
from django.core import checks
from pytest_django import Settings

from jobs.tests.watch.examinations.told import findings, of
from jobs.watch.examinations.configuration import SECRETS
from s3project import __version__

GOOD = [
    *("t2Wq8kLxV4nR7mZc1JbH6yPd3FsG9aEu", "Qw7eRt1yUi4oPa8sDf2gHj5kLz9xCv3b"),
    *("Nm6bVc0xZl3kJh8gFd5sAp2oIu7yTr4e", "Xz1cVb4nMq7wEr0tYu3iOp6aSd9fGh2j"),
    *("Lk5jHg8fDs1aPo4iUy7tRe0wQm3nBv6c", "Rf2tGy5hUj8kIl1oPq4aWs7eDz0xCb3v"),
]


@pytest.fixture
def strong(settings: Settings) -> Settings:
    for name, secret in zip(SECRETS, GOOD, strict=True):
        setattr(settings, name, secret if name == "SECRET_KEY" else [secret])
    settings.STORAGE_SECRET_KEY = "Vb9nMk2jHg5fDs8a"
    return settings


def test_what_is_right_is_two_lines(strong: Settings) -> None:
    assert findings("settings") == [
        ("ok", f"version {__version__}, development"),
        ("ok", "no secret is short, shared or guessable"),
    ]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("JWT_SECRETS", ["changeme" * 8], "JWT_SECRET is from an example or has a pattern"),
        ("METRICS_TOKENS", ["x7"], "METRICS_TOKEN must have at least 32 bytes in production"),
        ("STORAGE_SECRET_KEY", "Vb9", "STORAGE_SECRET_KEY must have at least 16 bytes"),
        ("MESSAGE_KEYS", [GOOD[0]], "MESSAGE_KEY and DJANGO_SECRET_KEY must not have the same"),
    ],
)
@pytest.mark.parametrize(("production", "state"), [(False, "warning"), (True, "error")])
def test_a_weak_secret_is_named_and_not_told(
    name: str, value: str | list[str], said: str, production: bool, state: str, strong: Settings
) -> None:
    setattr(strong, name, value)
    strong.PRODUCTION = production

    [line] = [one for one in of("settings") if one.finding.startswith(said)]

    assert line.state.value == state
    assert line.hint.startswith("make one with `openssl rand -hex 32`")
    secret = value if isinstance(value, str) else value[0]
    assert secret not in line.finding + line.hint


def test_what_django_finds_is_a_line(strong: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(**_: object) -> list[checks.CheckMessage]:
        return [checks.Error("it is broken", hint="mend it", id="s3.E1"), checks.Warning("hm")]

    monkeypatch.setattr(checks, "run_checks", found)

    assert findings("settings")[1:3] == [("error", "s3.E1: it is broken"), ("warning", "None: hm")]
