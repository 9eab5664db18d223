"""The settings, and how strong their secrets are. Of a secret nothing is said but its name."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks

from jobs.watch.examinations.diagnosis import Diagnosis, State
from s3project import __version__
from s3project.environment import MAKE_ONE
from s3project.production import shared_secrets, weak_secrets

PART = "settings"
# Setting → the variable that it comes from.
SECRETS = {
    "SECRET_KEY": "DJANGO_SECRET_KEY",
    "JWT_SECRETS": "JWT_SECRET",
    "GPU_CALLBACK_SECRETS": "GPU_CALLBACK_SECRET",
    "MESSAGE_KEYS": "MESSAGE_KEY",
    "WORKER_TOKEN_KEYS": "WORKER_TOKEN_KEY",
    "METRICS_TOKENS": "METRICS_TOKEN",
}
# Storages make them themselves, and not all so long.
OF_STORAGES = {"STORAGE_SECRET_KEY": "STORAGE_SECRET_KEY"}


def examine_settings() -> Iterator[Diagnosis]:
    kind = "production" if settings.PRODUCTION else "development"
    yield Diagnosis(PART, State.OK, f"version {__version__}, {kind}")
    for message in checks.run_checks(include_deployment_checks=settings.PRODUCTION):
        if message.is_silenced():
            continue
        state = State.ERROR if message.is_serious() else State.WARNING
        yield Diagnosis(PART, state, f"{message.id}: {message.msg}", message.hint or "")
    yield from _secrets()


def _secrets() -> Iterator[Diagnosis]:
    """A weak one does not let production start: what is said here may come from before that, or
    from a development that others reach."""
    secrets, of_storages = _given(SECRETS), _given(OF_STORAGES)
    lines = [
        *weak_secrets(secrets, at_least=32),
        *weak_secrets(of_storages, at_least=16),
        *shared_secrets({**secrets, **of_storages}),
    ]
    state = State.ERROR if settings.PRODUCTION else State.WARNING
    for line in lines:
        finding, _, hint = line.partition(": ")
        yield Diagnosis(PART, state, finding, hint.rstrip(".") or MAKE_ONE)
    if not lines:
        yield Diagnosis(PART, State.OK, "no secret is short, shared or guessable")


def _given(names: dict[str, str]) -> dict[str, list[str]]:
    return {name: list(_values(getattr(settings, setting))) for setting, name in names.items()}


def _values(secret: Any) -> Iterator[str]:
    yield from [secret] if isinstance(secret, str) else secret
