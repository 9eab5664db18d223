"""The settings that a process with a given environment runs with, beside those of `make serve`."""

import os
import runpy
from collections.abc import Mapping
from typing import Any

import pytest

from s3project.embedded import processes
from s3project.embedded.stack import PROJECT

# The process of a deployment → what the one-machine stack tells it.
ENVIRONMENTS = {
    "web": processes.server_environment,
    "events": processes.events_environment,
    "maintenance": processes.maintenance_environment,
    "migrate": processes.migration_environment,
    "gpu-worker": processes.gpu_worker_environment,
    "packer": processes.gpu_worker_environment,
}
# Addresses, secrets, and what is made of them.
PLACES = {
    *("DATABASES", "MIGRATION_DATABASE_URL", "EVENTS_DATABASE_URL"),
    *("CELERY_BROKER_URL", "RATE_LIMIT_URL"),
    *("PUBLIC_BASE_URL", "CALLBACK_BASE_URL", "WORKER_REPORTS_TO", "ALLOWED_HOSTS"),
    *("CSRF_TRUSTED_ORIGINS", "STORAGE_S3_ENDPOINT", "STORAGE_PUBLIC_ENDPOINT"),
    *("STORAGE_WORKER_ENDPOINT", "STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY", "METRICS_HOST"),
    *("SECRET_KEY", "JWT_SECRET", "JWT_SECRETS", "GPU_CALLBACK_SECRETS", "MESSAGE_KEYS"),
    *("WORKER_TOKEN_KEYS", "TICKET_KEYS", "BASE_DIR"),
}
# How deployments differ by intent: workers of one machine hold its keys, webhooks may lead to it.
DIFFER = {"CALLBACK_AUTH", "WEBHOOK_ALLOW_HTTP", "WEBHOOK_ALLOW_NETWORKS"}


def effective(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a process with this environment, and no other, runs with."""
    with monkeypatch.context() as patch:
        for name in os.environ:
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        read = runpy.run_path(str(PROJECT / "s3project" / "settings.py"))
    return {name: value for name, value in read.items() if name.isupper()}


def different(
    name: str,
    environment: Mapping[str, str],
    stack: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> set[str]:
    """The settings in which the process `name` of a deployment differs from that of the one-machine
    stack in production, but for addresses and secrets."""
    with monkeypatch.context() as patch:
        for variable in set(os.environ) - {"PATH"}:
            patch.delenv(variable)
        one_machine = ENVIRONMENTS[name]({**stack, "S3_ENV": "production"})
    ours = effective(environment, monkeypatch)
    theirs = effective({**one_machine, "S3_ENV": "production"}, monkeypatch)
    assert ours["PRODUCTION"] is True
    assert set(ours) == set(theirs)
    return {one for one in ours if ours[one] != theirs[one]} - PLACES - DIFFER
