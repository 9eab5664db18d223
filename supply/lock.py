"""The lock files that `make lock` writes: packages with their versions and hashes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[1]
RUNTIME = "requirements"
BUILD = "requirements-build"
DEVELOPMENT = "requirements-dev"
GPU = "requirements-gpu"
OBSERVABILITY = "requirements-observability"
HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


@dataclass(frozen=True)
class Locked:
    """One package of a lock file; `marker` says where it is installed."""

    name: str
    version: str
    marker: Marker | None
    hashes: frozenset[str]

    @property
    def is_for_here(self) -> bool:
        """Whether this Python on this machine gets it."""
        return self.marker is None or self.marker.evaluate()


def locked(which: str) -> dict[str, Locked]:
    """The packages of `which`.lock by their canonical names."""
    text = (PROJECT / f"{which}.lock").read_text(encoding="utf-8")
    found: dict[str, Locked] = {}
    for entry in re.sub(r"^#.*\n", "", text, flags=re.M).replace("\\\n", " ").splitlines():
        if not entry.strip():
            continue
        requirement = Requirement(entry.partition("--hash")[0])
        (pin,) = requirement.specifier
        assert pin.operator == "==", entry
        name = canonicalize_name(requirement.name)
        hashes = frozenset(HASH.findall(entry))
        found[name] = Locked(name, pin.version, requirement.marker, hashes)
    return found


def required(which: str) -> list[Requirement]:
    """What people wrote into `which`.txt and the files that it includes."""
    found = []
    for line in (PROJECT / f"{which}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found += required(line.removeprefix("-r ").strip().removesuffix(".txt"))
        elif line and not line.startswith(("#", "-c ")):
            found.append(Requirement(line))
    return found


def needed(which: str) -> set[str]:
    """The names of all that `which`.txt leads to here."""
    return needed_by((each.name, extra) for each in required(which) for extra in ("", *each.extras))


def needed_by(wanted: Iterable[tuple[str, str]]) -> set[str]:
    """The names of all that packages, each with an extra or "", lead to by what they state."""
    names: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = list(wanted)
    while waiting:
        name, extra = waiting.pop()
        if (name := canonicalize_name(name), extra) in seen:
            continue
        seen.add((name, extra))
        names.add(name)
        for each in _requirements_of(name, extra):
            waiting += [(each.name, inner) for inner in ("", *each.extras)]
    return names


def _requirements_of(name: str, extra: str) -> Iterator[Requirement]:
    for line in distribution(name).requires or []:
        each = Requirement(line)
        if each.marker is None or each.marker.evaluate({"extra": extra}):
            yield each
