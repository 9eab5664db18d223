"""What a backup says of itself, written last: a folder without it is no backup."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from django.conf import settings

from s3project.environment import derived_key
from s3project.provision.private_file import write_private

FILE = "manifest.json"
FORM = 1
# What an installation that is restored must have like the one before, and what it costs if not.
SECRETS: Mapping[str, str] = {
    "JWT_SECRETS": "JWT_SECRET: everybody is signed out, and signs up anew without a refresh token",
    "WORKER_TOKEN_KEYS": "WORKER_TOKEN_KEY: reports of work that was under way are refused",
    "MESSAGE_KEYS": "MESSAGE_KEY: GPU workers that have the old one throw messages away",
    "SECRET_KEY": "DJANGO_SECRET_KEY: operators log in again",
}


class BadBackup(Exception):
    """The folder holds no whole backup that this version can read."""


@dataclass(frozen=True)
class Table:
    """`columns` are in the order of its file; `sha256` is that of the rows before compression."""

    columns: list[str]
    rows: int
    sha256: str


@dataclass(frozen=True)
class StoredObject:
    bytes: int
    type: str
    metadata: dict[str, str]


@dataclass(frozen=True)
class Manifest:
    """`migrations` are (app, name); `sequences` name → (last value, whether it was given out)."""

    version: str
    made_at: str
    migrations: list[tuple[str, str]]
    tables: dict[str, Table]
    sequences: dict[str, tuple[int, bool]]
    fingerprints: dict[str, list[str]]
    objects: dict[str, StoredObject] = field(default_factory=dict)
    form: int = FORM

    def write(self, folder: Path) -> None:
        write_private(folder / FILE, json.dumps(asdict(self), indent=1))


def read_manifest(folder: Path) -> Manifest:
    """Raises BadBackup."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if found["form"] != FORM:
            raise BadBackup(f"{folder} was written by another version of S3 ({found['version']})")
        found["tables"] = {name: Table(**one) for name, one in found["tables"].items()}
        found["objects"] = {key: StoredObject(**one) for key, one in found["objects"].items()}
        found["migrations"] = [(app, name) for app, name in found["migrations"]]
        return Manifest(**found)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadBackup(f"{folder} holds no whole backup ({type(error).__name__})") from None


def fingerprints() -> dict[str, list[str]]:
    """Of this installation's secrets. Nobody finds a secret of 32 random bytes from its own."""
    return {name: [_fingerprint(one) for one in _values(name)] for name in SECRETS}


def _values(name: str) -> list[str]:
    value = getattr(settings, name)
    return [value] if isinstance(value, str) else list(value)


def _fingerprint(secret: str) -> str:
    return derived_key(secret, "fingerprint in backups")[:16]


def other_secrets(manifest: Manifest) -> list[str]:
    """What this installation's secrets are not: a line for each, with what follows."""
    here = fingerprints()
    return [
        meaning
        for name, meaning in SECRETS.items()
        if not set(here[name]) & set(manifest.fingerprints.get(name, ()))
    ]
