"""docker-compose.yml and the Dockerfile start what `make serve` starts."""

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import yaml

from s3project.bucket import storage_client
from s3project.embedded import processes
from s3project.embedded.front import CADDYFILE, front_argv, front_environment
from s3project.embedded.ports import free_ports, is_free
from s3project.embedded.readiness import wait_until_ready
from s3project.embedded.stack import PROJECT, EmbeddedStack
from s3project.embedded.supervisor import Supervisor
from s3project.provision.broker_roles import EVENTS, LIMITER, MAINTENANCE, PASSWORDS, WORKER
from s3project.provision.broker_roles import WEB as WEB_ROLE

EVERYWHERE = "0.0.0.0"  # noqa: S104 (compared, never bound)
WEB = processes.web_argv(processes.at_port(EVERYWHERE, "8000"))
# What the workers run, and web tells clients of.
BACKEND = {"ENGINE_SEGMENTER", "ENGINE_CONCEPTS"}
TUNED = {
    *("STORAGE_REGION", "BATCH_CONCURRENCY", "CALLBACK_TIMEOUT_SEC", "TASK_TIME_LIMIT_SEC"),
    *("LOG_LEVEL", "LOG_FORMAT", "PHOTO_MEMORY_MIB"),
    *("OTEL_EXPORTER_OTLP_ENDPOINT", "SENTRY_DSN"),
}
# How the pages name those who are told a setting.
READERS = {
    "web": "web",
    "events": "events",
    "maintenance": "maintenance",
    "gpu worker": "gpu-worker",
}
SETTING = re.compile(r"`([A-Z][A-Z0-9_]+)`")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    with open(PROJECT / "docker-compose.yml", encoding="utf-8") as file:
        parsed: dict[str, Any] = yaml.safe_load(file)
    return parsed


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    return dict(compose["services"])


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
        "maintenance": processes.maintenance_argv(Path("/tmp/schedule")),
    }
    for name, argv in expected.items():
        assert shlex.split(services[name]["command"]) == as_program(argv), name


def test_the_image_runs_the_web_process_by_itself() -> None:
    lines = (PROJECT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    command = next(line.removeprefix("CMD ") for line in lines if line.startswith("CMD "))
    assert json.loads(command) == as_program(WEB)


def test_a_gpu_worker_is_told_only_what_it_may_know(services: dict[str, Any]) -> None:
    told = set(services["gpu-worker"]["environment"])
    assert set(services["packer"]["environment"]) == {*told, "TMPDIR"}
    place = {"CELERY_BROKER_URL", "STORAGE_S3_ENDPOINT", "STORAGE_BUCKET", "CALLBACK_BASE_URL"}
    own = {"MODEL_CACHE_DIR", "METRICS_PORT", "METRICS_HOST", "MESSAGE_KEY"} | BACKEND
    itself = {"GPU_WORKER", "S3_ENV"}
    assert told == {*place, *processes.ONE_THREAD, *own, *itself, *TUNED}
    assert told.isdisjoint(processes.WORKER_MUST_NOT_KNOW)


def test_workers_prove_themselves_with_tokens_and_reach_the_storage_by_urls(
    services: dict[str, Any],
) -> None:
    for name in ("web", "maintenance"):
        told = services[name]["environment"]
        assert told["CALLBACK_AUTH"] == "${CALLBACK_AUTH:-token}", name
        assert told["GPU_CALLBACK_SECRET"] == "${GPU_CALLBACK_SECRET:-}", name
    worker, web = (services[name]["environment"] for name in ("gpu-worker", "web"))
    # URLs are signed for the address that the worker's settings have, on a network of both.
    assert "STORAGE_WORKER_ENDPOINT" not in web
    assert web["STORAGE_S3_ENDPOINT"] == worker["STORAGE_S3_ENDPOINT"] == "http://seaweedfs:8333"
    assert {*networks(services["gpu-worker"])} & {*networks(services["seaweedfs"])}
    assert web["CALLBACK_BASE_URL"] == worker["CALLBACK_BASE_URL"]
    assert "env_file" not in services["gpu-worker"]


def test_every_documented_setting_reaches_a_service(services: dict[str, Any]) -> None:
    """What an operator writes into .env is not ignored."""
    page = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in SETTING.findall(row)}
    assert {"ALLOWED_HOSTS", "STORAGE_RETENTION_DAYS", "LOG_LEVEL"} <= documented
    told = {name for service in services.values() for name in service.get("environment", {})}
    # Never in production; and workers of this file are on the storage's own network.
    assert documented - told == {"DEBUG", "STORAGE_WORKER_ENDPOINT"}


def test_every_setting_reaches_the_services_that_its_row_names(services: dict[str, Any]) -> None:
    page = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    checked: set[str] = set()
    for line in page.splitlines():
        if not line.startswith("| `") or line.count("|") < 4:
            continue
        settings, readers = line.split("|")[1:3]
        # Not those of one kind of deployment ("and GPU workers that go by it"), nor defaults.
        named = [part.strip().lower() for part in re.split(r"[,;]| and ", readers)]
        meant = READERS.values() if "all" in named else [READERS[n] for n in named if n in READERS]
        for name in set(SETTING.findall(settings)) - {"DEBUG", "STORAGE_WORKER_ENDPOINT"}:
            for service in meant:
                assert name in services[service]["environment"], (name, service)
                checked.add(name)
    assert {"ADMIN_HOST", "ADMIN_TOTP", "PHOTO_MEMORY_MIB", "BATCH_CONCURRENCY"} <= checked


def test_web_tells_clients_of_the_backend_that_the_workers_run(services: dict[str, Any]) -> None:
    for name in {*BACKEND, "MESSAGE_KEY"}:
        readers = ("web", "maintenance", "gpu-worker", "packer")
        told = {services[one]["environment"][name] for one in readers}
        assert len(told) == 1, name


def test_every_long_running_service_has_a_health_check(services: dict[str, Any]) -> None:
    lasting = {name for name, service in services.items() if service["restart"] == "unless-stopped"}
    engines = {"postgres", "valkey", "seaweedfs"}
    assert lasting == {
        *("front", "web", "events", "gpu-worker", "packer", "maintenance"),
        *engines,
    }
    assert all("healthcheck" in services[name] for name in lasting)


def test_ports_are_published_on_this_machine_only(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_container_has_the_least_rights_and_limits(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert 0 < service["pids_limit"] <= 512, name
        assert service["cpu_shares"], name
        assert "privileged" not in service, name
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}, name
        assert any(place.startswith("/tmp") for place in service["tmpfs"]), name
    # Its program is marked as one that may bind low ports, and does not start where it may not.
    added = {name: one["cap_add"] for name, one in services.items() if "cap_add" in one}
    assert added == {"front": ["NET_BIND_SERVICE"]}


def test_nobody_is_root_but_the_front_and_web_is_another_user_than_the_worker(
    services: dict[str, Any],
) -> None:
    users = {name: service["user"] for name, service in services.items()}
    assert [name for name, user in users.items() if user.startswith("0")] == ["front"]
    assert users["web"] != users["gpu-worker"] == users["packer"]
    # Whoever writes the storage's keys, for their owner only, and who reads them.
    assert users["provision"] == users["seaweedfs"]
    docker = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    for name in ("web", "gpu-worker", "provision", "maintenance"):
        assert f"--uid {users[name].partition(':')[0]} " in docker, name


def test_what_is_written_is_a_volume_or_lives_in_memory(services: dict[str, Any]) -> None:
    kept = {"front": "/data", "postgres": "/var/lib/postgresql", "valkey": "/data"}
    kept["packer"] = "/packing"
    for name, place in {**kept, "seaweedfs": "/data"}.items():
        targets = [volume.split(":")[1] for volume in services[name]["volumes"]]
        assert place in targets, name
    command = services["maintenance"]["command"]
    assert "-s /tmp/schedule" in command
    writable = {"provision"} | set(kept) | {"seaweedfs"}
    for name, service in services.items():
        for volume in service.get("volumes", []):
            assert volume.endswith(":ro") or name in writable, (name, volume)


def test_no_secret_is_written_into_the_file(services: dict[str, Any]) -> None:
    given = {
        name: value
        for service in services.values()
        for name, value in service.get("environment", {}).items()
        if name.endswith(("SECRET", "PASSWORD", "_KEY"))
    }
    assert {"MESSAGE_KEY", "STORAGE_SECRET_KEY", "POSTGRES_PASSWORD"} <= set(given)
    assert [name for name, value in given.items() if not value.startswith("${")] == []


def test_only_the_front_is_reached_from_outside_and_only_it_reaches_web(
    compose: dict[str, Any], services: dict[str, Any]
) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["front"]
    outside = {name for name, network in compose["networks"].items() if not network}
    assert outside == {"outside", "receivers"}
    on = {
        network: {name for name, service in services.items() if network in networks(service)}
        for network in compose["networks"]
    }
    assert on["outside"] == {"front"}
    assert on["receivers"] == {"maintenance"}, "it sends webhooks, and nothing listens there"
    assert on["web"] == {"front", "web", "events"}
    assert on["callbacks"] == {"front", "gpu-worker", "packer"}
    assert on["database"] == {"postgres", "web", "events", "maintenance", "migrate"}
    assert on["broker"] == {"valkey", "web", "events", "maintenance"}
    assert on["worker-broker"] == {"valkey", "gpu-worker", "packer"}
    assert on["worker-storage"] == {"seaweedfs", "gpu-worker", "packer"}
    # Web would believe its word on who calls, and wait for its bodies without end.
    beside_web = {one for members in on.values() if "web" in members for one in members}
    assert beside_web.isdisjoint({"gpu-worker", "packer"})
    assert services["web"]["environment"]["CALLBACK_BASE_URL"] == "http://front:8000"
    assert services["web"]["environment"]["TRUSTED_PROXIES"] == "1"


def networks(service: dict[str, Any]) -> list[str]:
    # Who names none is on the default one, which nobody may be.
    assert "networks" in service or service["network_mode"] == "none"
    return list(service.get("networks", []))


def test_every_process_comes_as_its_own_role_and_only_the_migration_as_the_owner(
    services: dict[str, Any],
) -> None:
    brokers = {
        name: service["environment"].get("CELERY_BROKER_URL", "")
        for name, service in services.items()
    }
    roles = {
        WEB_ROLE: "web",
        EVENTS: "events",
        WORKER: "gpu-worker",
        MAINTENANCE: "maintenance",
    }
    for role, name in roles.items():
        assert brokers[name].startswith(f"redis://{role}:${{{PASSWORDS[role]}:?"), name
    limits = services["web"]["environment"]["RATE_LIMIT_URL"]
    assert limits.startswith(f"redis://{LIMITER}:${{{PASSWORDS[LIMITER]}:?")
    assert set(PASSWORDS.values()) <= set(services["provision"]["environment"])

    owners = {name for name, one in services.items() if processes.MIGRATES in one["environment"]}
    assert owners == {"migrate"}
    admins = {
        name for name, one in services.items() if "STORAGE_ADMIN_SECRET_KEY" in one["environment"]
    }
    assert admins == {"bucket", "provision"}


def test_what_is_provisioned_once_is_kept_and_readable_for_whom_it_is(tmp_path: Path) -> None:
    environment = {
        "PATH": os.defpath,
        **{name: f"secret of {role}" for role, name in PASSWORDS.items()},
        **dict.fromkeys(("STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY"), "service"),
        **dict.fromkeys(("STORAGE_ADMIN_ACCESS_KEY", "STORAGE_ADMIN_SECRET_KEY"), "admin"),
    }

    def provision(*argv: str) -> None:
        subprocess.run(
            [sys.executable, "-m", *argv], cwd=PROJECT, env=environment, check=True, umask=0o022
        )

    provision("s3project.provision.storage_doors", str(tmp_path), "seaweedfs")
    first = (tmp_path / "security.toml").read_text()
    provision("s3project.provision.storage_doors", str(tmp_path), "seaweedfs")
    assert (tmp_path / "security.toml").read_text() == first
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}

    provision("s3project.provision.broker_roles", str(tmp_path / "users.acl"))
    written = (tmp_path / "users.acl").read_text()
    assert "secret of" not in written
    assert (tmp_path / "users.acl").stat().st_mode & 0o777 == 0o644


def test_photos_go_through_the_front_as_well_and_large_ones_do_not(
    engines: EmbeddedStack, tmp_path: Path
) -> None:
    api, photos = free_ports(2)
    environment = {
        **front_environment(tmp_path, str(api), {}),
        "FRONT_STORAGE_ADDRESSES": f"http://:{photos}",
        "FRONT_STORAGE": urlsplit(engines.environment["STORAGE_S3_ENDPOINT"]).netloc,
    }
    keys = [engines.environment[name] for name in ("STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY")]
    client = storage_client(f"http://localhost:{photos}", *keys)
    place = {"Bucket": "s3-images", "Key": "through/the front"}
    upload, download = (
        client.generate_presigned_url(method, place) for method in ("put_object", "get_object")
    )
    supervisor = Supervisor(tmp_path)
    try:
        argv = [*front_argv()[:3], str(CADDYFILE.with_name("compose.Caddyfile")), *front_argv()[4:]]
        child = supervisor.start("front", argv, env=environment, cwd=tmp_path)
        wait_until_ready(child, lambda: not is_free(photos))
        photo = os.urandom(2_000_000)
        assert requests.put(upload, data=photo, timeout=20).status_code == 200
        assert requests.get(download, timeout=20).content == photo
        assert requests.get(download + "x", timeout=20).status_code == 403
        with contextlib.suppress(requests.ConnectionError):  # it may not listen to the end
            large = requests.put(upload, data=bytes(27 * 1024 * 1024), timeout=20)
            assert large.status_code == 413
        assert requests.get(download, timeout=20).content == photo
        client.delete_object(**place)
    finally:
        supervisor.close(gently=False)
