"""deploy/kubernetes as `kubectl apply -k` would send it, and what its network policies allow."""

import os
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from s3project.embedded.stack import PROJECT

KUBERNETES = PROJECT / "deploy" / "kubernetes"
KUBECTL = shutil.which("kubectl")
OVERLAYS = ("complete", "production")
NAME = "app.kubernetes.io/name"
Manifest = dict[str, Any]


def rendered(folder: Path, overlay: str) -> list[Manifest]:
    """The overlay with secrets of its own, made in a copy of deploy/ in `folder`."""
    copy = folder / "deploy"
    if not copy.exists():
        shutil.copytree(PROJECT / "deploy", copy)
    place = copy / "kubernetes" / "overlays" / overlay
    script = copy / "kubernetes" / "make-secrets.sh"
    told = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    subprocess.run(["/bin/sh", str(script), str(place / "secrets")], env=told, check=True)
    assert KUBECTL is not None
    argv = [KUBECTL, "kustomize", str(place)]
    done = subprocess.run(argv, env=told, capture_output=True, text=True, check=True)
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def written() -> list[tuple[Path, Manifest]]:
    """Every manifest as it stands in a file, without what kustomize reads itself."""
    found: list[tuple[Path, Manifest]] = []
    for path in sorted(KUBERNETES.rglob("*.yaml")):
        if path.name in ("kustomization.yaml", "names.yaml"):
            continue
        documents = yaml.safe_load_all(path.read_text(encoding="utf-8"))
        found.extend((path, each) for each in documents if each)
    return found


def named(manifests: Iterable[Manifest], kind: str) -> dict[str, Manifest]:
    return {each["metadata"]["name"]: each for each in manifests if each["kind"] == kind}


def workloads(manifests: Iterable[Manifest]) -> dict[str, Manifest]:
    """Name → what is in its pods."""
    kinds = ("Deployment", "StatefulSet", "Job")
    return {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]
        for each in manifests
        if each["kind"] in kinds
    }


def environment(container: Manifest, manifests: list[Manifest]) -> dict[str, str]:
    """What a container is told, of config maps, secrets and its own list, the last of a name
    counting."""
    told: dict[str, str] = {}
    for source in container.get("envFrom", []):
        ((kind, reference),) = source.items()
        told |= _data(manifests, kind.removesuffix("Ref"), reference["name"])
    for each in container.get("env", []):
        if "value" in each:
            told[each["name"]] = each["value"]
        else:
            reference = each["valueFrom"]["secretKeyRef"]
            told[each["name"]] = _data(manifests, "secret", reference["name"])[reference["key"]]
    return told


def _data(manifests: list[Manifest], kind: str, name: str) -> dict[str, str]:
    if kind == "secret":
        held = named(manifests, "Secret")[name]["data"]
        return {key: b64decode(value).decode() for key, value in held.items()}
    return dict(named(manifests, "ConfigMap")[name]["data"])


def flows(manifests: list[Manifest]) -> set[tuple[str, str, int]]:
    """(from, to, port) of every pair of workloads that the policies let talk, on the ports that the
    receiver listens on: what leaves the one must be let into the other."""
    policies = list(named(manifests, "NetworkPolicy").values())
    pods = workloads(manifests)
    allowed: set[tuple[str, str, int]] = set()
    for receiver, pod in pods.items():
        ports = [each for one in pod["containers"] for each in one.get("ports", [])]
        for port in ports:
            number = port["containerPort"]
            for sender in pods:
                out = _lets(policies, sender, "egress", "to", receiver, number)
                into = _lets(policies, receiver, "ingress", "from", sender, number)
                if out and into:
                    allowed.add((sender, receiver, number))
    return allowed


def let_in_from(manifests: list[Manifest], namespace: str) -> set[tuple[str, int]]:
    """(workload, port) that pods of another namespace reach."""
    found: set[tuple[str, int]] = set()
    for policy in named(manifests, "NetworkPolicy").values():
        for rule in policy["spec"].get("ingress", []):
            spaces = [
                peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
                for peer in rule.get("from", [])
                if "namespaceSelector" in peer
            ]
            if namespace in spaces:
                for name in workloads(manifests):
                    if _selects(policy["spec"]["podSelector"], name):
                        found.update((name, port["port"]) for port in rule.get("ports", []))
    return found


def _lets(policies: list[Manifest], name: str, way: str, word: str, other: str, port: int) -> bool:
    concerned = [
        policy["spec"]
        for policy in policies
        if way.capitalize() in policy["spec"]["policyTypes"]
        and _selects(policy["spec"]["podSelector"], name)
    ]
    if not concerned:
        return True
    return any(
        any(_selects(peer["podSelector"], other) for peer in rule[word] if "podSelector" in peer)
        and ("ports" not in rule or port in [each["port"] for each in rule["ports"]])
        for spec in concerned
        for rule in spec.get(way, [])
    )


def _selects(selector: Manifest, name: str) -> bool:
    labels = selector.get("matchLabels", {})
    if labels.get(NAME, name) != name:
        return False
    for expression in selector.get("matchExpressions", []):
        assert (expression["key"], expression["operator"]) == (NAME, "In")
        if name not in expression["values"]:
            return False
    return True
