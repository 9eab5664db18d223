"""Who `s3sets` is: from the environment, or from the file that `s3sets login` writes."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from s3sets._session import Session
from s3sets.errors import StateUnusable

URL, API_KEY, DEVICE = "S3SETS_URL", "S3SETS_API_KEY", "S3SETS_DEVICE"
HERE = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class Account:
    """One server, and a user there; without a secret nobody in particular."""

    url: str
    api_key: str | None = field(default=None, repr=False)
    device: str | None = field(default=None, repr=False)

    @property
    def is_somebody(self) -> bool:
        return bool(self.api_key or self.device)

    @property
    def mark(self) -> str | None:
        """As a state file has it."""
        return Session(self.api_key, self.device).mark


def folder(variable: str, otherwise: str) -> Path:
    """`s3sets` in a folder of the XDG base directories."""
    base = os.environ.get(variable, "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / otherwise) / "s3sets"


def credentials_file() -> Path:
    return folder("XDG_CONFIG_HOME", ".config") / "credentials.json"


def current(url: str | None = None) -> Account:
    """Of the server that is named, else of the last login. Raises StateUnusable."""
    stored = _read()
    place = (url or os.environ.get(URL) or stored.get("current") or HERE).rstrip("/")
    key, device = os.environ.get(API_KEY), os.environ.get(DEVICE)
    if key or device:
        return Account(place, key, None if key else device)
    known = stored.get("servers", {}).get(place, {})
    return Account(place, known.get("api_key"), known.get("device"))


def store(account: Account) -> Path:
    """Makes it the one that is used from here on. A device secret that it replaces is kept in the
    file, since it is all that leads to that user.
    """
    stored = _read()
    servers = stored.setdefault("servers", {})
    before = servers.get(account.url, {})
    former = before.get("former", [])
    if before.get("device") and before["device"] != account.device:
        former = [*former, before["device"]]
    secret = {"api_key": account.api_key} if account.api_key else {"device": account.device}
    servers[account.url] = {**secret, **({"former": former} if former else {})}
    stored["current"] = account.url
    return _write(stored)


def _read() -> dict[str, Any]:
    path = credentials_file()
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise StateUnusable(f"{path} cannot be read.") from None
    if not isinstance(said, dict):
        raise StateUnusable(f"{path} has no credentials.")
    return said


def _write(said: dict[str, Any]) -> Path:
    path = credentials_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_suffix(".new")
    # Made with its mode, so that nobody reads it before it has one.
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        os.fchmod(file.fileno(), 0o600)
        json.dump(said, file, indent=1)
    new.replace(path)
    return path
