"""docker-compose.yml and the Dockerfile start what `make serve` starts, with the same settings."""

import json
from pathlib import Path
from typing import Any

import pytest

from s3project import __version__
from s3project.embedded import processes
from s3project.embedded.stack import PROJECT, EmbeddedStack
from s3project.testing.composed import command, composed, needed_secrets
from s3project.testing.effective import ENVIRONMENTS, different, effective

EVERYWHERE = "0.0.0.0"  # noqa: S104 (compared, never bound)
WEB = processes.web_argv(processes.at_port(EVERYWHERE, "8000"))


def as_program(argv: list[str]) -> list[str]:
    """`python -m granian …` of a checkout is `granian …` of an image."""
    assert argv[1] == "-m"
    return argv[2:]


def test_the_commands_are_the_ones_serve_runs(services: dict[str, Any]) -> None:
    expected = {
        "web": WEB,
        "events": processes.events_argv(processes.at_port(EVERYWHERE, "8000")),
        "gpu-worker": processes.gpu_worker_argv(),
        "packer": processes.packer_argv(),
        "maintenance": processes.maintenance_argv(Path("/clock/schedule")),
    }
    for name, argv in expected.items():
        assert command(services[name]) == as_program(argv), name


def test_the_image_runs_the_web_process_by_itself() -> None:
    lines = (PROJECT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    started = next(line.removeprefix("CMD ") for line in lines if line.startswith("CMD "))
    assert json.loads(started) == as_program(WEB)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_process_has_the_settings_that_it_has_under_serve(
    name: str, services: dict[str, Any], engines: EmbeddedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Production itself, which starts with nothing but the secrets that are asked for."""
    told = services[name]["environment"]
    assert different(name, told, engines.environment, monkeypatch) == set()


def test_settings_that_are_written_into_env_are_those_that_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {
        "STORAGE_RETENTION_DAYS": "7",
        "USER_RATE": "5/minute",
        "ADMIN_HOST": "a.example",
        "PUBLIC_BASE_URL": "https://a.example",
        "STORAGE_PUBLIC_ENDPOINT": "https://s.example",
        "LOG_LEVEL": "debug",
        "BATCH_CONCURRENCY": "2",
    }
    services = composed(tmp_path, needed_secrets() | given)["services"]

    for name in ("web", "events", "maintenance"):
        read = effective(services[name]["environment"], monkeypatch)
        assert read["STORAGE_RETENTION"].days == 7
        assert (read["USER_RATE"].limit, read["USER_RATE"].seconds) == (5, 60)
        assert (read["ADMIN_HOST"], read["HAS_TLS"]) == ("a.example", True)
        assert read["CELERY_BROKER_URL"].startswith(f"redis://{name}:")
    worker = effective(services["gpu-worker"]["environment"], monkeypatch)
    assert (worker["LOG_LEVEL"], worker["BATCH_CONCURRENCY"]) == ("DEBUG", 2)


def test_a_debugger_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = composed(tmp_path, needed_secrets() | {"DEBUG": "1"})["services"]
    with pytest.raises(Exception, match="DEBUG must be off in production"):
        effective(made["web"]["environment"], monkeypatch)


def test_the_image_is_named_by_the_version_and_a_registry_may_be_told(
    services: dict[str, Any], tmp_path: Path
) -> None:
    ours = {name for name, service in services.items() if "build" in service}
    assert ours == {*ENVIRONMENTS, "bucket", "provision"}
    assert {services[name]["image"] for name in ours} == {f"s3:{__version__}"}
    theirs = {"S3_IMAGE": "registry.example/s3", "S3_VERSION": "1.2.3"}
    made = composed(tmp_path, needed_secrets() | theirs)["services"]
    assert {made[name]["image"] for name in ours} == {"registry.example/s3:1.2.3"}


def test_every_long_running_service_has_a_health_check_and_time_to_stop(
    services: dict[str, Any],
) -> None:
    lasting = {name for name, service in services.items() if service["restart"] == "unless-stopped"}
    once = {name for name, service in services.items() if service["restart"] == "on-failure"}
    engines = {"postgres", "valkey", "seaweedfs"}
    ours = {"front", "web", "events", "gpu-worker", "packer", "maintenance"}
    assert (lasting, once) == (ours | engines, {"migrate", "bucket", "provision"})
    assert all("healthcheck" in services[name] for name in lasting)
    assert all("stop_grace_period" in services[name] for name in lasting)


def test_whoever_uses_tables_waits_for_the_migration(services: dict[str, Any]) -> None:
    for name in ("web", "events", "maintenance"):
        waits = services[name]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully", name
        assert waits["valkey"]["condition"] == "service_healthy", name
