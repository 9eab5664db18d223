"""What an operator writes into .env arrives where it is read, and a secret nowhere else."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from s3project.embedded import processes
from s3project.testing.composed import composed, documented, needed_secrets

# How the pages name those who are told a setting.
READERS = {
    "web": ["web"],
    "events": ["events"],
    "maintenance": ["maintenance"],
    "gpu worker": ["gpu-worker", "packer"],
    "`manage.py migrate`": ["migrate"],
}
SERVERS = ("web", "events", "maintenance", "migrate")
WORKERS = ("gpu-worker", "packer")
# What docker-compose.yml sets itself, as its first lines say.
FIXED = {
    *("S3_ENV", "GPU_WORKER", "TRUSTED_PROXIES", "MODEL_CACHE_DIR", "METRICS_HOST"),
}
# A folder of a container's own memory.
OF_A_PROCESS = {"PROMETHEUS_MULTIPROC_DIR"}
# Who holds each secret of .env, as it is or in an address.
HOLDERS = {
    "DJANGO_SECRET_KEY": {*SERVERS},
    "JWT_SECRET": {*SERVERS},
    "MESSAGE_KEY": {*SERVERS, *WORKERS},
    "POSTGRES_PASSWORD": {"migrate", "postgres"},
    "POSTGRES_SERVICE_PASSWORD": {"web", "maintenance", "migrate"},
    "POSTGRES_EVENTS_PASSWORD": {"events", "migrate"},
    "VALKEY_PASSWORD": {"provision"},
    "VALKEY_WEB_PASSWORD": {"web", "migrate", "provision"},
    "VALKEY_WORKER_PASSWORD": {*WORKERS, "provision"},
    "VALKEY_MAINTENANCE_PASSWORD": {"maintenance", "provision"},
    "VALKEY_LIMITER_PASSWORD": {*SERVERS, "provision", "valkey"},
    "VALKEY_EVENTS_PASSWORD": {"events", "provision"},
    "STORAGE_ADMIN_ACCESS_KEY": {"bucket", "provision"},
    "STORAGE_ADMIN_SECRET_KEY": {"bucket", "provision"},
    "STORAGE_ACCESS_KEY": {*SERVERS, "bucket", "provision"},
    "STORAGE_SECRET_KEY": {*SERVERS, "bucket", "provision"},
    # Those that are not asked for.
    "GPU_CALLBACK_SECRET": {*SERVERS},
    "WORKER_TOKEN_KEY": {*SERVERS},
    "METRICS_TOKEN": {*SERVERS},
    "SECRET_OF_A_PROOF_OF_THEIRS": {*SERVERS},
}
FRONT = re.compile(r"\{\$(FRONT_[A-Z_]+)")


def settings() -> dict[str, set[str]]:
    told = documented()
    for name in documented("authentication.md"):
        told.setdefault(name, {"web"})
    return told


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every documented setting in .env, each with a value of its own."""
    words = {name: f"of-{name.lower()}" for name in settings()}
    made = composed(tmp_path_factory.mktemp("everything"), needed_secrets() | words)
    return dict(made["services"])


def test_every_documented_setting_arrives_in_every_service_that_reads_it(
    everything: dict[str, Any],
) -> None:
    checked: set[str] = set()
    for name, who in settings().items():
        if name in FIXED | OF_A_PROCESS:
            continue
        named = READERS if "all" in who else who & set(READERS)
        readers = [service for one in named for service in READERS[one]] or ["web", "maintenance"]
        for service in readers:
            if (name, service) in {("CALLBACK_BASE_URL", one) for one in WORKERS}:
                continue  # the front, on a network of theirs
            told = everything[service]["environment"]
            assert told.get(name) == f"of-{name.lower()}", (name, service)
        checked.add(name)
    assert {
        *("ALLOWED_HOSTS", "DATABASE_URL", "STORAGE_RETENTION_DAYS", "LOG_LEVEL", "DEBUG"),
        *("SIGNUP_PROOF", "WATCHERS_MAX", "WEBHOOK_LOG_DAYS", "CELERY_BROKER_URL"),
        *("STORAGE_WORKER_ENDPOINT", "PHOTO_MEMORY_MIB", "MIGRATION_DATABASE_URL"),
    } <= checked


def test_what_is_set_by_the_file_is_said_in_it_and_does_not_change(
    everything: dict[str, Any], services: dict[str, Any]
) -> None:
    for name, service in services.items():
        for setting in FIXED:
            before = service["environment"].get(setting)
            assert everything[name]["environment"].get(setting) == before, (name, setting)


def test_servers_get_what_no_page_names_too(tmp_path: Path) -> None:
    """A proof of the operator's own may read what it likes, and libraries have variables."""
    given = needed_secrets() | {"OTEL_SERVICE_NAME": "ours", "PROOF_URL": "https://a.example/"}
    made = composed(tmp_path, given)["services"]
    for name in SERVERS:
        told = made[name]["environment"]
        assert (told["OTEL_SERVICE_NAME"], told["PROOF_URL"]) == ("ours", "https://a.example/")


def test_a_secret_is_told_to_whom_it_is_for_only(tmp_path: Path) -> None:
    given = {name: f"the-{name.lower()}-itself" for name in HOLDERS}
    made = composed(tmp_path, given)["services"]
    told = {
        secret: {
            name
            for name, service in made.items()
            if any(value in held for held in service.get("environment", {}).values())
        }
        for secret, value in given.items()
    }
    assert told == HOLDERS


def test_every_secret_that_is_asked_for_has_its_holders() -> None:
    assert set(needed_secrets()) <= set(HOLDERS)


@pytest.mark.parametrize("secret", needed_secrets())
def test_without_a_secret_nothing_starts_and_its_name_is_said(tmp_path: Path, secret: str) -> None:
    given = needed_secrets()
    del given[secret]
    with pytest.raises(subprocess.CalledProcessError) as refused:
        composed(tmp_path, given)
    assert secret in refused.value.stderr
    assert "set it in .env" in refused.value.stderr


def test_a_gpu_worker_is_told_only_what_it_may_know(everything: dict[str, Any]) -> None:
    told = set(everything["gpu-worker"]["environment"])
    assert set(everything["packer"]["environment"]) == {*told, "TMPDIR"}
    readers = settings()
    its_own = {name for name, who in readers.items() if {"all", "gpu worker"} & who}
    place = {"STORAGE_S3_ENDPOINT", "STORAGE_BUCKET", "STORAGE_REGION", "TASK_TIME_LIMIT_SEC"}
    traces = {name for name in told if name.startswith("OTEL_")}
    assert told == {*its_own, *place, *processes.ONE_THREAD, *traces}
    assert told.isdisjoint(processes.WORKER_MUST_NOT_KNOW)


def test_workers_prove_themselves_with_tokens_and_reach_the_storage_by_urls(
    services: dict[str, Any],
) -> None:
    worker, web = (services[name]["environment"] for name in ("gpu-worker", "web"))
    for name in ("web", "maintenance"):
        assert services[name]["environment"]["CALLBACK_AUTH"] == "token", name
    # URLs are signed for the address that the worker's settings have, on a network of both.
    assert "STORAGE_WORKER_ENDPOINT" not in web
    assert web["STORAGE_S3_ENDPOINT"] == worker["STORAGE_S3_ENDPOINT"] == "http://seaweedfs:8333"
    assert {*services["gpu-worker"]["networks"]} & {*services["seaweedfs"]["networks"]}
    assert web["CALLBACK_BASE_URL"] == worker["CALLBACK_BASE_URL"] == "http://front:8000"
    assert web["TRUSTED_PROXIES"] == "1"


def test_web_tells_clients_of_the_backend_that_the_workers_run(everything: dict[str, Any]) -> None:
    for name in ("ENGINE_SEGMENTER", "ENGINE_CONCEPTS", "MESSAGE_KEY"):
        readers = ("web", "maintenance", "gpu-worker", "packer")
        assert len({everything[one]["environment"][name] for one in readers}) == 1, name


def test_what_the_front_can_be_told_it_is_told(tmp_path: Path) -> None:
    folder = Path(__file__).parents[3] / "deploy" / "front"
    texts = [file.read_text("utf-8") for file in folder.glob("*Caddyfile")]
    asked = {name for text in texts for name in FRONT.findall(text)}
    own = {
        name
        for name in asked
        if name.endswith(("ADDRESSES", "ADDRESS", "_WEB", "_EVENTS", "_BIND"))
    }
    free = asked - own - {"FRONT_STORAGE"}
    assert {"FRONT_READ_TIMEOUT", "FRONT_TRUSTED_PROXIES"} <= free
    made = composed(tmp_path, needed_secrets() | dict.fromkeys(free, "11s"))
    told = made["services"]["front"]["environment"]
    assert {name: told[name] for name in free} == dict.fromkeys(free, "11s")


def test_no_secret_is_written_into_the_file() -> None:
    text = (Path(__file__).parents[3] / "docker-compose.yml").read_text(encoding="utf-8")
    lines = re.findall(r"^ +([A-Z_]+(?:SECRET|PASSWORD|_KEY)): *(.*)$", text, re.M)
    assert {"MESSAGE_KEY", "STORAGE_SECRET_KEY", "POSTGRES_PASSWORD"} <= {one for one, _ in lines}
    assert [name for name, value in lines if not value.startswith(("${", '""'))] == []
