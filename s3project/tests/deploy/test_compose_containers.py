"""What containers of docker-compose.yml may do, whom they reach, and what of them is kept."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from s3project.embedded.stack import PROJECT
from s3project.provision.broker_roles import EVENTS, LIMITER, MAINTENANCE, PASSWORDS, WORKER
from s3project.provision.broker_roles import WEB as WEB_ROLE
from s3project.testing.composed import command, composed, needed_secrets

OUTWARD = {"web", "events", "maintenance", "migrate", "bucket"}
WORKERS = {"gpu-worker", "packer"}


def networks(service: dict[str, Any]) -> set[str]:
    # Who names none is on the default one, which nobody may be.
    assert "networks" in service or service["network_mode"] == "none"
    return set(service.get("networks", []))


def members(compose: dict[str, Any]) -> dict[str, set[str]]:
    """Network → services on it."""
    services = compose["services"]
    return {
        network: {name for name, service in services.items() if network in networks(service)}
        for network in compose["networks"]
    }


def test_ports_are_published_on_this_machine_only(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert {port["published"] for port in published} == {"8000", "8333"}
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}


def test_every_container_has_the_least_rights_and_limits(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["mem_limit"]) > 0, name
        assert 0 < service["pids_limit"] <= 512, name
        assert service["cpu_shares"], name
        assert "privileged" not in service, name
        assert any(place.startswith("/tmp") for place in service["tmpfs"]), name
    # Its program is marked as one that may bind low ports, and does not start where it may not.
    added = {name: one["cap_add"] for name, one in services.items() if "cap_add" in one}
    assert added == {"front": ["NET_BIND_SERVICE"]}


def test_every_log_is_rotated(services: dict[str, Any]) -> None:
    rotated = {"driver": "json-file", "options": {"max-size": "10m", "max-file": "5"}}
    assert all(service["logging"] == rotated for service in services.values())


def test_limits_can_be_chosen(tmp_path: Path) -> None:
    given = {"WORKER_MEMORY": "12g", "WORKER_CPUS": "3", "WEB_MEMORY": "2g", "WEB_CPUS": "1.5"}
    made = composed(tmp_path, needed_secrets() | given)["services"]
    limits = {name: (int(one["mem_limit"]) >> 30, one.get("cpus")) for name, one in made.items()}
    assert limits["gpu-worker"] == limits["packer"] == (12, 3)
    assert limits["web"] == limits["events"] == limits["maintenance"] == (2, 1.5)


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


def test_what_is_written_is_a_volume_or_lives_in_memory(
    compose: dict[str, Any], services: dict[str, Any]
) -> None:
    kept = {
        "front": {"/data"},
        "postgres": {"/var/lib/postgresql"},
        "valkey": {"/data"},
        "seaweedfs": {"/data"},
        "packer": {"/packing"},
        "maintenance": {"/clock"},
        "provision": {"/etc/seaweedfs", "/etc/valkey"},
    }
    written = {
        name: {one["target"] for one in service.get("volumes", []) if not one.get("read_only")}
        for name, service in services.items()
    }
    assert {name: places for name, places in written.items() if places} == kept
    docker = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    made = next(line for line in docker.splitlines() if "install -d -o s3 -g s3 " in line)
    # A named volume takes over who owns the folder of the image.
    assert {"/clock", "/etc/seaweedfs", "/etc/valkey"} <= set(made.split())
    assert "clock" in compose["volumes"]
    assert command(services["maintenance"])[7:9] == ["-s", "/clock/schedule"]


def test_only_the_front_is_reached_from_outside_and_only_it_reaches_web(
    compose: dict[str, Any], services: dict[str, Any]
) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["front"]
    open_ones = {name for name, one in compose["networks"].items() if not one.get("internal")}
    assert open_ones == {"outside", "receivers"}
    on = members(compose)
    assert on["outside"] == {"front"}
    assert on["receivers"] == {"maintenance"}, "it sends webhooks, and nothing listens there"
    assert on["web"] == {"front", "web", "events"}
    assert on["callbacks"] == {"front", *WORKERS}
    assert on["database"] == {"postgres", "web", "events", "maintenance", "migrate"}
    assert on["broker"] == {"valkey", "web", "events", "maintenance"}
    assert on["worker-broker"] == {"valkey", *WORKERS}
    assert on["worker-storage"] == {"seaweedfs", *WORKERS}
    assert_workers_do_not_meet_web(on)


def assert_workers_do_not_meet_web(on: dict[str, set[str]]) -> None:
    # Web would believe a worker's word on who calls, and wait for its bodies without end.
    beside_web = {one for those in on.values() if {"web", "events"} & those for one in those}
    assert beside_web.isdisjoint(WORKERS)


def test_ways_out_are_given_to_all_who_need_one_and_workers_still_do_not_meet_web(
    tmp_path: Path,
) -> None:
    made = composed(tmp_path, needed_secrets(), "docker-compose.outside.yml")
    on = members(made)
    assert on["outward"] == OUTWARD
    assert on["outward-workers"] == WORKERS
    assert not any(made["networks"][name].get("internal") for name in on if "outward" in name)
    assert_workers_do_not_meet_web(on)


def test_with_two_domains_the_front_has_tls(tmp_path: Path) -> None:
    given = {"FRONT_DOMAIN": "a.example", "FRONT_STORAGE_DOMAIN": "s.example"}
    made = composed(tmp_path, needed_secrets() | given, "docker-compose.tls.yml")["services"]
    front = made["front"]
    assert front["environment"]["FRONT_ADDRESSES"] == "http://:8000, a.example"
    assert front["environment"]["FRONT_STORAGE_ADDRESSES"] == "http://:8333, s.example"
    assert {port["published"] for port in front["ports"]} == {"80", "443", "8000", "8333"}


def test_every_process_comes_as_its_own_role_and_only_the_migration_as_the_owner(
    services: dict[str, Any],
) -> None:
    passwords = needed_secrets()
    roles = {WEB_ROLE: "web", EVENTS: "events", WORKER: "gpu-worker", MAINTENANCE: "maintenance"}
    for role, name in roles.items():
        broker = f"redis://{role}:{passwords[PASSWORDS[role]]}@valkey:6379/0"
        assert services[name]["environment"]["CELERY_BROKER_URL"] == broker, name
    limits = f"redis://{LIMITER}:{passwords[PASSWORDS[LIMITER]]}@valkey:6379/0"
    assert services["web"]["environment"]["RATE_LIMIT_URL"] == limits
    assert set(PASSWORDS.values()) <= set(services["provision"]["environment"])
    owners = {
        name
        for name, service in services.items()
        if service.get("environment", {}).get("MIGRATION_DATABASE_URL")
    }
    assert owners == {"migrate"}
    for name, who in {
        "web": "s3_service",
        "maintenance": "s3_service",
        "events": "s3_events",
    }.items():
        url = urlsplit(services[name]["environment"]["DATABASE_URL"])
        assert url.username == who, name
    events = services["events"]["environment"]["DATABASE_URL"]
    assert services["migrate"]["environment"]["EVENTS_DATABASE_URL"] == events
