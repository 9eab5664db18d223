"""docker-compose.yml and the Dockerfile start what `make serve` starts."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from s3project.embedded import processes
from s3project.embedded.stack import PROJECT

EVERYWHERE = "0.0.0.0"  # noqa: S104 (compared, never bound)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    with open(PROJECT / "docker-compose.yml", encoding="utf-8") as file:
        parsed: dict[str, Any] = yaml.safe_load(file)
    return dict(parsed["services"])


def as_program(argv: list[str]) -> list[str]:
    """`python -m granian …` of a checkout is `granian …` of an image."""
    assert argv[1] == "-m"
    return argv[2:]


def test_the_commands_are_the_ones_serve_runs(services: dict[str, Any]) -> None:
    expected = {
        "web": processes.web_argv("8000", host=EVERYWHERE),
        "gpu-worker": processes.gpu_worker_argv(),
        "maintenance": processes.maintenance_argv(Path("/tmp/schedule")),
    }
    for name, argv in expected.items():
        assert shlex.split(services[name]["command"]) == as_program(argv), name


def test_the_image_runs_the_web_process_by_itself() -> None:
    lines = (PROJECT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    command = next(line.removeprefix("CMD ") for line in lines if line.startswith("CMD "))
    assert json.loads(command) == as_program(processes.web_argv("8000", host=EVERYWHERE))


def test_a_gpu_worker_is_told_only_what_it_may_know(services: dict[str, Any]) -> None:
    told = set(services["gpu-worker"]["environment"])
    own = {"ENGINE_SEGMENTER", "MODEL_CACHE_DIR", "METRICS_PORT", "METRICS_HOST"}
    itself = {"GPU_WORKER", "S3_ENV"}
    assert told == {*processes.WORKER_KNOWS, *processes.ONE_THREAD, *own, *itself}
    assert told.isdisjoint(processes.WORKER_MUST_NOT_KNOW)
    assert "env_file" not in services["gpu-worker"]


def test_every_long_running_service_has_a_health_check(services: dict[str, Any]) -> None:
    lasting = {name for name, service in services.items() if service["restart"] == "unless-stopped"}
    assert lasting == {"web", "gpu-worker", "maintenance", "postgres", "valkey", "seaweedfs"}
    assert all("healthcheck" in services[name] for name in lasting)


def test_ports_are_published_on_this_machine_only(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_no_secret_is_written_into_the_file(services: dict[str, Any]) -> None:
    given = {
        name: value
        for service in services.values()
        for name, value in service.get("environment", {}).items()
        if name.endswith(("SECRET", "PASSWORD", "_KEY"))
    }
    assert {"GPU_CALLBACK_SECRET", "STORAGE_SECRET_KEY", "POSTGRES_PASSWORD"} <= set(given)
    assert [name for name, value in given.items() if not value.startswith("${")] == []
