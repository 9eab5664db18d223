"""Sets that are on their way from this machine: what `s3sets watch` picks up."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s3sets._state import SetState
from s3sets.cli.credentials import Account, folder
from s3sets.errors import StateUnusable

STATE, PLAN = "state.json", "plan.json"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """One set: its state, and what is to be done with the results."""

    place: Path
    out: Path
    previews: bool

    @property
    def state(self) -> Path:
        return self.place / STATE

    @property
    def job_id(self) -> str | None:
        try:
            said = json.loads(self.state.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        job_id = said.get("job_id") if isinstance(said, dict) else None
        return str(job_id) if job_id else None

    def forget(self) -> None:
        shutil.rmtree(self.place, ignore_errors=True)


def begin(
    account: Account, order: Mapping[str, Any], *, out: Path, previews: bool
) -> tuple[Unfinished, bool]:
    """The place of this very order, and whether it was begun before."""
    said = json.dumps([account.url, account.api_key or account.device, order], sort_keys=True)
    place = _home() / hashlib.sha256(said.encode()).hexdigest()[:20]
    known = (place / STATE).exists()
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    plan = {"out": str(out.absolute()), "previews": previews, "url": account.url}
    (place / PLAN).write_text(json.dumps(plan), encoding="utf-8")
    return Unfinished(place, out.absolute(), previews), known


def unfinished(account: Account) -> list[Unfinished]:
    """The user's, newest first."""
    found = []
    for state in _home().glob(f"*/{STATE}"):
        try:
            plan = json.loads((state.parent / PLAN).read_text(encoding="utf-8"))
            said = SetState(**json.loads(state.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, StateUnusable):
            continue
        if said.server == account.url and said.user == account.mark:
            when = state.stat().st_mtime
            found.append((when, Unfinished(state.parent, Path(plan["out"]), plan["previews"])))
    return [one for _, one in sorted(found, key=lambda pair: pair[0], reverse=True)]


def _home() -> Path:
    return folder("XDG_STATE_HOME", ".local/state") / "sets"
