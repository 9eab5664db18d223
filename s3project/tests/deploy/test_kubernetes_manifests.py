"""deploy/kubernetes: as Kubernetes' own schemas read it, and starting what `make serve` starts."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kubernetes_validate
import kubernetes_validate.utils
import pytest
import yaml

from s3project import __version__
from s3project.embedded import processes
from s3project.embedded.stack import PROJECT, EmbeddedStack
from s3project.testing.composed import COMPOSE, documented
from s3project.testing.effective import different, effective
from s3project.testing.manifests import (
    KUBECTL,
    KUBERNETES,
    OVERLAYS,
    Manifest,
    environment,
    named,
    workloads,
    written,
)

EVERYWHERE = "0.0.0.0"  # noqa: S104 (compared, never bound)
AT = processes.at_port(EVERYWHERE, "8000")
# With Kubernetes' oldest and newest version that are cared for: each overlay with one of them.
VERSIONS = {"complete": "1.37", "production": "1.34"}
NEWEST = max(VERSIONS.values())
# Of KEDA's, whose schemas are not among Kubernetes'.
FOREIGN = {"ScaledObject", "TriggerAuthentication"}
ARGV = {
    "web": processes.web_argv(AT),
    "events": processes.events_argv(AT),
    "maintenance": processes.maintenance_argv(Path("/clock/schedule")),
    "gpu-worker": processes.gpu_worker_argv(),
    "packer": processes.packer_argv(),
}
ENGINES = {"postgres", "valkey", "seaweedfs"}
FRONTS = {"front", "front-inner"}


@pytest.fixture(scope="module", autouse=True)
def read_once() -> Iterator[None]:
    """The library reads the definitions of all kinds again for each manifest."""
    with pytest.MonkeyPatch.context() as patch:
        utils = kubernetes_validate.utils
        patch.setattr(utils, "schema_contents", cache(utils.schema_contents))
        yield


def complete() -> list[Manifest]:
    """The manifests that are no patches of others."""
    whole = [each for path, each in written() if path.parent.name in ("base", "engines")]
    assert len(whole) > 35
    return whole


needs_kubectl = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed")


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_is_rendered_fits_the_schemas_of_kubernetes(
    overlays: dict[str, list[Manifest]], overlay: str
) -> None:
    checked = 0
    for manifest in overlays[overlay]:
        if manifest["kind"] not in FOREIGN:
            kubernetes_validate.validate(manifest, VERSIONS[overlay], strict=True)
            checked += 1
    assert checked >= 30


@pytest.mark.skipif(KUBECTL is not None, reason="they are rendered, and checked as a whole")
def test_every_file_fits_as_it_stands() -> None:
    for manifest in complete():
        kubernetes_validate.validate(manifest, NEWEST, strict=True)


def test_a_slip_is_found() -> None:
    deployment = next(each for each in complete() if each["kind"] == "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["redinessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, NEWEST, strict=True)


def test_the_commands_are_the_ones_serve_runs_and_compose_has() -> None:
    pods = workloads(complete())
    for name, argv in ARGV.items():
        (container,) = pods[name]["containers"]
        assert container["args"] == argv[2:], name
    compose = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    for name in ("migrate", "bucket", "valkey", "seaweedfs"):
        (container,) = pods[name]["containers"]
        assert container["args"] == compose[name]["command"].split(), name


@needs_kubectl
@pytest.mark.parametrize("name", [*ARGV, "migrate"])
def test_every_process_has_the_settings_that_it_has_under_serve(
    name: str,
    overlays: dict[str, list[Manifest]],
    engines: EmbeddedStack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    manifests = overlays["complete"]
    (container,) = workloads(manifests)[name]["containers"]
    told = environment(container, manifests)
    # Its addresses have TLS; the admin is behind a forwarded port, and metrics are scraped.
    intended = {"HAS_TLS", "SECURE_HSTS_SECONDS", "ADMIN_HOST", "METRICS_PORT", "METRICS_TOKENS"}
    if name in ("gpu-worker", "packer"):
        # Told, and read by nothing of theirs.
        intended |= {"TRUSTED_PROXIES", "SECURE_PROXY_SSL_HEADER"}
    assert different(name, told, engines.environment, monkeypatch) <= intended


@needs_kubectl
def test_every_setting_arrives_in_every_pod_that_reads_it(
    overlays: dict[str, list[Manifest]],
) -> None:
    """A row of settings.env of an overlay is told to all; addresses and secrets to whom they are
    for."""
    manifests = overlays["complete"]
    pods = workloads(manifests)
    names = (*ARGV, "migrate")
    sources = {
        name: {
            reference["name"].rpartition("-")[0]
            for source in pods[name]["containers"][0]["envFrom"]
            for reference in source.values()
        }
        for name in (*names, "bucket")
    }
    servers = {"settings", "s3-server"}
    assert sources == {
        "web": {*servers, "s3-web"},
        "events": {*servers, "s3-events"},
        "maintenance": {*servers, "s3-maintenance"},
        "migrate": {*servers, "s3-web", "s3-owner"},
        "gpu-worker": {"settings", "s3-worker"},
        "packer": {"settings", "s3-worker"},
        "bucket": {"settings", "s3-storage-admin"},
    }
    # Nothing that a pod sets itself hides a setting.
    own = {one["name"] for name in names for one in pods[name]["containers"][0].get("env", [])}
    assert own & set(documented()) == {"GPU_WORKER", "MODEL_CACHE_DIR"}


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_gpu_worker_knows_no_database_and_no_secret_of_web(
    overlays: dict[str, list[Manifest]], overlay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifests = overlays[overlay]
    server = named(manifests, "Secret")
    secrets = {
        value
        for name, secret in server.items()
        if name.startswith(("s3-server", "s3-owner", "s3-web", "s3-maintenance", "s3-events"))
        for key, value in secret["data"].items()
        if key != "MESSAGE_KEY"
    }
    for name in ("gpu-worker", "packer"):
        (container,) = workloads(manifests)[name]["containers"]
        told = environment(container, manifests)
        assert set(told).isdisjoint(processes.WORKER_MUST_NOT_KNOW), name
        worker = next(one for key, one in server.items() if key.startswith("s3-worker"))
        assert secrets.isdisjoint(worker["data"].values())
        assert effective(told, monkeypatch)["DATABASES"]["default"]["ENGINE"].endswith("dummy")


@needs_kubectl
def test_every_process_comes_as_its_own_role(overlays: dict[str, list[Manifest]]) -> None:
    manifests = overlays["complete"]
    told = {
        name: environment(pod["containers"][0], manifests)
        for name, pod in workloads(manifests).items()
    }
    roles = {
        name: tuple(
            urlsplit(variables.get(variable, "")).username
            for variable in ("DATABASE_URL", "CELERY_BROKER_URL")
        )
        for name, variables in told.items()
    }
    assert roles["web"] == ("s3_service", "web")
    assert roles["events"] == ("s3_events", "events")
    assert roles["maintenance"] == ("s3_service", "maintenance")
    assert roles["gpu-worker"] == roles["packer"] == (None, "worker")
    owners = {name for name, variables in told.items() if "MIGRATION_DATABASE_URL" in variables}
    assert owners == {"migrate"}
    assert told["migrate"]["EVENTS_DATABASE_URL"] == told["events"]["DATABASE_URL"]
    assert "s3_service" not in str(told["events"])
    # Engines are given the same passwords.
    (provision,) = workloads(manifests)["valkey"]["initContainers"]
    given = environment(provision, manifests)["VALKEY_WEB_PASSWORD"]
    assert given == urlsplit(told["web"]["CELERY_BROKER_URL"]).password
    limits = urlsplit(told["web"]["RATE_LIMIT_URL"]).password
    assert told["valkey"]["REDISCLI_AUTH"] == limits
    owner = urlsplit(told["migrate"]["MIGRATION_DATABASE_URL"]).password
    assert told["postgres"]["POSTGRES_PASSWORD"] == owner


@needs_kubectl
def test_the_overlay_with_cards_runs_one_process_a_card_and_asks_web_how_many(
    overlays: dict[str, list[Manifest]],
) -> None:
    manifests = overlays["production"]
    pod = workloads(manifests)["gpu-worker"]
    (container,) = pod["containers"]
    assert container["args"] == processes.gpu_worker_argv(concurrency=1)[2:]
    assert container["image"] == f"registry.example.org/s3-gpu:{__version__}"
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    models = next(one for one in pod["volumes"] if one["name"] == "models")
    assert models == {
        "name": "models",
        "persistentVolumeClaim": {"claimName": "models", "readOnly": True},
    }
    assert "replicas" not in named(manifests, "Deployment")["gpu-worker"]["spec"]
    for name in ("web", "gpu-worker", "packer"):
        (container,) = workloads(manifests)[name]["containers"]
        assert environment(container, manifests)["ENGINE_SEGMENTER"] == "sam3", name

    scaler = named(manifests, "ScaledObject")["gpu-worker"]["spec"]
    assert scaler["scaleTargetRef"] == {"name": "gpu-worker"}
    triggers = {one["name"]: one for one in scaler["triggers"]}
    formula = scaler["advanced"]["scalingModifiers"]["formula"]
    assert set(formula.split(" + ")) == set(triggers)
    asked = {one["metadata"]["valueLocation"] for one in triggers.values()}
    assert asked == {f's3_photos_pending{{state="{state}"}}' for state in triggers}
    (credentials,) = named(manifests, "TriggerAuthentication")["metrics"]["spec"]["secretTargetRef"]
    assert credentials["key"] in named(manifests, "Secret")[credentials["name"]]["data"]


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_is_restricted_and_limited(
    overlays: dict[str, list[Manifest]], overlay: str
) -> None:
    for name, pod in workloads(overlays[overlay]).items():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["enableServiceLinks"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] >= 999, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["capabilities"]["drop"] == ["ALL"], name
            added = context["capabilities"].get("add", [])
            assert added == (["NET_BIND_SERVICE"] if name in FRONTS else []), name
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}, name
            assert container["resources"]["limits"]["memory"], name
    space = named(overlays[overlay], "Namespace")["s3"]
    assert space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@needs_kubectl
def test_whoever_serves_is_probed_and_web_is_ready_once_it_reaches_its_parts(
    overlays: dict[str, list[Manifest]],
) -> None:
    pods = workloads(overlays["complete"])
    for name in {*ARGV, *FRONTS, *ENGINES}:
        assert "readinessProbe" in pods[name]["containers"][0], name
    (web,) = pods["web"]["containers"]
    paths = {
        kind: web[kind]["httpGet"]["path"]
        for kind in ("startupProbe", "readinessProbe", "livenessProbe")
    }
    # A part that is away later takes no replica of web away: it has an answer for that.
    assert paths == {
        "startupProbe": "/ready",
        "readinessProbe": "/health",
        "livenessProbe": "/health",
    }
    # What has photos in hand is not killed because the broker does not answer.
    for name in ("gpu-worker", "packer", "maintenance"):
        assert "livenessProbe" not in pods[name]["containers"][0]
    for name in ("web", "events", "maintenance"):
        (wait,) = pods[name]["initContainers"]
        assert wait["command"] == ["python", "manage.py", "migrate", "--check"]


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_may_be_several_is_spread_and_not_taken_away_at_once(
    overlays: dict[str, list[Manifest]], overlay: str
) -> None:
    manifests = overlays[overlay]
    budgets = named(manifests, "PodDisruptionBudget")
    assert set(budgets) == {"web", "front", "front-inner", "gpu-worker", "packer"}
    for name, budget in budgets.items():
        (selected,) = budget["spec"]["selector"]["matchLabels"].values()
        assert (selected, budget["spec"]["maxUnavailable"]) == (name, 1)
    pods = workloads(manifests)
    for name in ("web", "front", "front-inner", "gpu-worker"):
        assert len(pods[name]["topologySpreadConstraints"]) == 2, name
    scaled = named(manifests, "HorizontalPodAutoscaler")["web"]["spec"]
    assert scaled["minReplicas"] == 2 < scaled["maxReplicas"]
    assert "replicas" not in named(manifests, "Deployment")["web"]["spec"]
    # It holds the clock.
    one = named(manifests, "Deployment")["maintenance"]["spec"]
    assert (one["replicas"], one["strategy"]["type"]) == (1, "Recreate")


@needs_kubectl
def test_images_are_those_of_this_version_and_of_compose(
    overlays: dict[str, list[Manifest]],
) -> None:
    compose = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    pods = workloads(overlays["complete"])
    images = {
        name: {one["image"] for one in [*pod["containers"], *pod.get("initContainers", [])]}
        for name, pod in pods.items()
    }
    ours = f"registry.example.org/s3:{__version__}"
    assert images["web"] == images["gpu-worker"] == images["migrate"] == {ours}
    for name in ENGINES:
        assert images[name] - {ours} == {compose[name]["image"]}, name
    assert images["front"] == images["front-inner"] == {compose["front"]["image"]}


def test_secrets_are_in_no_file_of_the_repository() -> None:
    ignored = (PROJECT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "deploy/kubernetes/overlays/*/secrets/" in ignored
    assert [each for _, each in written() if each["kind"] == "Secret"] == []
    settings: list[Any] = list(KUBERNETES.rglob("settings.env"))
    text = "".join(path.read_text(encoding="utf-8") for path in settings)
    assert not any(word in text for word in ("SECRET", "PASSWORD", "_KEY=", "TOKEN="))
