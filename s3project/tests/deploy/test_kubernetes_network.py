"""Who reaches whom in the cluster, and which doors strangers find closed."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from s3project.embedded.front import CADDYFILE, front_argv, front_environment
from s3project.embedded.ports import free_port, is_free
from s3project.embedded.readiness import wait_until_ready
from s3project.embedded.supervisor import Supervisor
from s3project.testing.manifests import (
    KUBECTL,
    OVERLAYS,
    Manifest,
    flows,
    let_in_from,
    named,
    workloads,
)

needs_kubectl = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed")
SERVERS = ("web", "events")
CLOSED = (
    *("/admin", "/admin/", "/admin/jobs/", "/metrics", "/metrics/events"),
    *("/jobs/job_1/claim", "/jobs/job_1/callback"),
    *("/jobs/job_1/packages/cards/claim", "/jobs/job_1/packages/cards/callback"),
    *("/ADMIN/", "/jobs/job_1/%63allback", "//admin/", "/x/../admin/"),
)
OPEN = ("/health", "/jobs", "/jobs/job_1", "/jobs/job_1/events", "/studio", "/docs", "/")


@needs_kubectl
def test_nobody_reaches_anybody_but_its_neighbours(overlays: dict[str, list[Manifest]]) -> None:
    expected = {
        *((front, server, 8000) for front in ("front", "front-inner") for server in SERVERS),
        *((worker, "front-inner", 8000) for worker in ("gpu-worker", "packer")),
        *((one, "postgres", 5432) for one in (*SERVERS, "maintenance", "migrate")),
        *((one, "valkey", 6379) for one in (*SERVERS, "maintenance", "gpu-worker", "packer")),
        *((one, "seaweedfs", 8333) for one in ("web", "maintenance", "gpu-worker", "packer")),
        *((one, "seaweedfs", 8333) for one in ("front", "migrate", "bucket")),
    }
    assert flows(overlays["complete"]) == expected


@needs_kubectl
def test_workers_reach_no_database_and_web_only_through_a_front(
    overlays: dict[str, list[Manifest]],
) -> None:
    for overlay in OVERLAYS:
        reached = {
            (sender, receiver)
            for sender, receiver, _ in flows(overlays[overlay])
            if sender in ("gpu-worker", "packer")
        }
        assert {receiver for _, receiver in reached} <= {"front-inner", "valkey", "seaweedfs"}


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_strangers_come_in_by_the_public_front_only(
    overlays: dict[str, list[Manifest]], overlay: str
) -> None:
    manifests = overlays[overlay]
    entered = {("front", 8080)} | ({("front", 8333)} if overlay == "complete" else set())
    assert let_in_from(manifests, "ingress-nginx") == entered
    assert let_in_from(manifests, "keda") == {("web", 8000), ("events", 8000)}
    scraped = {*((one, 8000) for one in SERVERS), *((one, 9100) for one in ("maintenance",))}
    workers = {("gpu-worker", 9100), ("packer", 9100)}
    assert let_in_from(manifests, "monitoring") == scraped | workers
    for ingress in named(manifests, "Ingress").values():
        assert ingress["spec"]["tls"], "TLS"
        (rule,) = ingress["spec"]["rules"]
        (path,) = rule["http"]["paths"]
        assert path["backend"]["service"]["name"] == "front"
        assert [rule["host"]] == ingress["spec"]["tls"][0]["hosts"]


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_is_shut_before_anything_is_opened(
    overlays: dict[str, list[Manifest]], overlay: str
) -> None:
    nobody = named(overlays[overlay], "NetworkPolicy")["nobody"]["spec"]
    assert nobody == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_service_has_pods_that_listen(
    overlays: dict[str, list[Manifest]], overlay: str
) -> None:
    manifests = overlays[overlay]
    pods = workloads(manifests)
    for name, service in named(manifests, "Service").items():
        (selected,) = service["spec"]["selector"].values()
        (container,) = pods[selected]["containers"]
        listening = {port["name"] for port in container["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= listening, name


class Web(BaseHTTPRequestHandler):
    """Stands where web stands, and answers everything."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The public front of the cluster, before a web that answers everything."""
    folder: Path = tmp_path_factory.mktemp("front")
    web = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    port, behind = free_port(), f"127.0.0.1:{web.server_port}"
    told = {
        **front_environment(folder, "0", {}),
        "FRONT_PUBLIC_ADDRESS": f"http://:{port}",
        "FRONT_WEB": behind,
        "FRONT_EVENTS": behind,
    }
    file = CADDYFILE.with_name("kubernetes.Caddyfile")
    argv = [*front_argv()[:3], str(file), *front_argv()[4:]]
    supervisor = Supervisor(folder)
    try:
        child = supervisor.start("front", argv, env=told, cwd=folder)
        wait_until_ready(child, lambda: not is_free(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        supervisor.close(gently=False)
        web.shutdown()
        web.server_close()


def ask(address: str, path: str) -> requests.Response:
    prepared = requests.Request("GET", address).prepare()
    prepared.url = address + path  # as it is: not tidied up
    with requests.Session() as session:
        return session.send(prepared, timeout=10)


@pytest.mark.parametrize("path", CLOSED)
def test_doors_of_workers_operators_and_scrapers_are_closed(public: str, path: str) -> None:
    answer = ask(public, path)
    assert answer.status_code == 404, answer.text
    assert answer.json()["error"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("path", OPEN)
def test_everything_else_is_open(public: str, path: str) -> None:
    assert ask(public, path).text == "ok"
