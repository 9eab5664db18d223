"""What stands in for a secret that nobody set."""

import os
import subprocess
import sys

import pytest

from s3project.embedded.stack import PROJECT

SHOW = "import s3project.settings as s; print(s.SECRET_KEY, *s.JWT_SECRETS)"
ENOUGH = "b5f1c09e7a3d4826f0e1a9d27c6b8354"
# No two settings may have the same one.
ADMIN, SHARED, KEY, STORAGE = (f"{ENOUGH}{part}" for part in ("0a", "1b", "2c", "3d"))
GIVEN = (
    *("DJANGO_SECRET_KEY", "JWT_SECRET", "GPU_CALLBACK_SECRET", "MESSAGE_KEY", "CALLBACK_AUTH"),
    *("GPU_WORKER", "S3_ENV", "STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY"),
)


def settings_of_a_process(**variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in GIVEN}
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        env={**environment, "S3_STACK": "off", **variables},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_secrets_that_nobody_set_are_made_up_and_never_the_same() -> None:
    one, other = (settings_of_a_process().stdout.split() for _ in range(2))

    assert len({*one, *other}) == 4
    assert all(len(secret) >= 32 for secret in (*one, *other))


def test_production_does_not_start_without_its_secrets() -> None:
    started = settings_of_a_process(S3_ENV="production")

    assert started.returncode != 0
    assert "DJANGO_SECRET_KEY must be set in production" in started.stderr


def test_production_does_not_start_with_a_token_secret_that_can_be_guessed() -> None:
    given = {"S3_ENV": "production", "DJANGO_SECRET_KEY": ADMIN, "GPU_CALLBACK_SECRET": SHARED}
    storage = {"STORAGE_ACCESS_KEY": "a", "STORAGE_SECRET_KEY": STORAGE}

    short = settings_of_a_process(**given, **storage, JWT_SECRET=f"{ENOUGH},{ENOUGH[1:]}")
    long = settings_of_a_process(**given, **storage, JWT_SECRET=f"{ENOUGH},{ENOUGH[::-1]}")

    assert short.returncode != 0
    assert "JWT_SECRET must have at least 32 bytes in production" in short.stderr
    assert long.returncode == 0, long.stderr


WEB = {"DJANGO_SECRET_KEY": ADMIN, "JWT_SECRET": ENOUGH}
WORKER = {"GPU_WORKER": "1"}


@pytest.mark.parametrize(
    ("process", "given", "missing"),
    [
        (WEB, {}, "GPU_CALLBACK_SECRET"),
        (WEB, {"MESSAGE_KEY": KEY}, "GPU_CALLBACK_SECRET"),
        (WEB, {"CALLBACK_AUTH": "token"}, "MESSAGE_KEY"),
        (WEB, {"CALLBACK_AUTH": "token", "MESSAGE_KEY": KEY}, None),
        (WEB, {"GPU_CALLBACK_SECRET": SHARED}, None),
        (WORKER, {}, "GPU_CALLBACK_SECRET"),
        (WORKER, {"MESSAGE_KEY": KEY}, None),
        (WORKER, {"GPU_CALLBACK_SECRET": SHARED}, None),
    ],
)
def test_who_does_without_the_shared_secret_has_the_key_of_messages(
    process: dict[str, str], given: dict[str, str], missing: str | None
) -> None:
    storage = {"STORAGE_ACCESS_KEY": "a", "STORAGE_SECRET_KEY": STORAGE}

    started = settings_of_a_process(S3_ENV="production", **storage, **process, **given)

    assert (started.returncode == 0) == (missing is None), started.stderr
    if missing is not None:
        assert f"{missing} must be set in production" in started.stderr


@pytest.mark.parametrize(
    ("process", "given", "missing"),
    [
        (WEB, {}, "STORAGE_ACCESS_KEY"),
        (WEB, {"STORAGE_ACCESS_KEY": "a"}, "STORAGE_SECRET_KEY"),
        (WORKER, {}, None),
        (WORKER, {"STORAGE_ACCESS_KEY": "a"}, "STORAGE_SECRET_KEY"),
    ],
)
def test_only_a_worker_does_without_keys_to_the_storage_and_without_both_only(
    process: dict[str, str], given: dict[str, str], missing: str | None
) -> None:
    started = settings_of_a_process(
        S3_ENV="production", GPU_CALLBACK_SECRET=SHARED, **process, **given
    )

    assert (started.returncode == 0) == (missing is None), started.stderr
    if missing is not None:
        assert f"{missing} must be set in production" in started.stderr
