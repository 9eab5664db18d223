"""The Dockerfiles: what they name is there, what they fetch is fixed, and root runs nothing."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from s3project import __version__
from s3project.embedded import processes
from s3project.embedded.stack import PROJECT
from s3project.testing.composed import command, composed, needed_secrets

FILES = ("Dockerfile", "Dockerfile.gpu")
HADOLINT = shutil.which("hadolint")
KNOWN = {"ARG", "FROM", "ENV", "RUN", "WORKDIR", "COPY", "USER", "EXPOSE", "CMD"}


def instructions(name: str) -> list[tuple[str, str]]:
    """Instruction and what follows, with continued lines joined."""
    text = (PROJECT / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    split = [line.partition(" ") for line in joined.splitlines() if line.strip()]
    return [(word, rest.strip()) for word, _, rest in split]


def in_context(path: str) -> bool:
    """Whether .dockerignore lets it through: it begins by leaving everything out."""
    rules = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return f"!{path.split('/')[0]}" in rules or f"!{path}" in rules


@pytest.mark.parametrize("name", FILES)
def test_every_file_that_is_copied_or_read_is_there_and_in_the_context(name: str) -> None:
    sources: set[str] = set()
    for word, rest in instructions(name):
        assert word in KNOWN, (name, word)
        if word == "COPY":
            *named, _ = rest.split()
            for each in named:
                found = [path.name for path in PROJECT.glob(each)] if "*" in each else [each]
                assert found
                sources.update(path for path in found if in_context(path))
                assert "*" in each or in_context(each), each
        if word == "RUN" and "from=" not in rest:
            sources.update(re.findall(r"--mount=type=bind,source=([^,]+)", rest))
    assert sources
    assert all((PROJECT / each).exists() and in_context(each) for each in sources)


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_fetched_without_a_hash(name: str) -> None:
    """Python packages are all that is fetched; images are named by exact versions."""
    for word, rest in instructions(name):
        if word != "RUN":
            continue
        assert not re.search(r"\b(apt|apt-get|curl|wget|git)\b", rest), rest
        for part in re.split(r"&&", rest):
            if re.search(r"\bpip (install|wheel)\b", part):
                assert "--require-hashes" in part or "--no-index" in part, part
                assert "--no-cache-dir" in part, part


@pytest.mark.parametrize("extras", ["", "observability"])
def test_the_locks_that_the_image_is_made_of_are_in_the_context(extras: str) -> None:
    (lock,) = (
        re.findall(r"-r (requirements\$\S+)", rest)[0]
        for word, rest in instructions("Dockerfile")
        if word == "RUN" and "pip wheel" in rest
    )
    named = lock.replace("${EXTRAS:+-}${EXTRAS}", f"-{extras}" if extras else "")
    assert in_context(named)
    assert (PROJECT / named).exists()


@pytest.mark.parametrize("name", FILES)
def test_the_last_user_is_a_number_that_is_not_root(name: str) -> None:
    """Kubernetes can tell of a number only that it is not root's."""
    users = [rest for word, rest in instructions(name) if word == "USER"]
    assert int(users[-1]) >= 1000
    assert instructions(name)[-1][0] == "CMD"


def test_the_image_of_a_graphics_card_begins_with_that_of_web_and_runs_one_process_a_card(
    tmp_path: Path,
) -> None:
    made = composed(tmp_path, needed_secrets(), "docker-compose.gpu.yml")["services"]
    stages = dict(instructions("Dockerfile.gpu"))
    assert stages["ARG"] == f"S3={made['web']['image']}" == f"S3=s3:{__version__}"
    argv = processes.gpu_worker_argv(concurrency=1)[2:]
    assert json.loads(stages["CMD"]) == argv == command(made["gpu-worker"])
    for name in ("gpu-worker", "packer"):
        service = made[name]
        assert service["build"]["dockerfile"] == "Dockerfile.gpu"
        assert service["build"]["args"] == {"S3": made["web"]["image"]}
        assert service["image"] == f"s3-gpu:{__version__}"
        (device,) = service["deploy"]["resources"]["reservations"]["devices"]
        assert device == {"driver": "nvidia", "device_ids": ["0"], "capabilities": ["gpu"]}
        assert service["read_only"] is True
        assert set(service["networks"]) == {"callbacks", "worker-broker", "worker-storage"}
    told = {
        name: one["environment"].get("ENGINE_SEGMENTER")
        for name, one in made.items()
        if "environment" in one and "ENGINE_SEGMENTER" in one["environment"]
    }
    assert told == dict.fromkeys(("web", "events", "maintenance", "gpu-worker", "packer"), "sam3")


def test_the_lock_of_the_graphics_card_has_what_the_image_of_web_has() -> None:
    """So that pip finds it there, and builds nothing."""

    def pins(name: str) -> dict[str, str]:
        text = (PROJECT / name).read_text(encoding="utf-8")
        return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.M))

    first, second = pins("requirements.lock"), pins("requirements-gpu.lock")
    assert {name: second.get(name) for name in first} == first
    assert {"torch", "transformers"} <= set(second) - set(first)


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not installed")
@pytest.mark.parametrize("name", FILES)
def test_hadolint_has_nothing_to_say(name: str) -> None:
    argv = [str(HADOLINT), str(PROJECT / name)]
    assert subprocess.run(argv, capture_output=True, text=True, check=False).stdout == ""
