"""docker-compose.yml as Docker Compose itself reads it: interpolated, with `.env` where it goes."""

import json
import os
import re
import subprocess
import sysconfig
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from s3project.embedded.stack import PROJECT

COMPOSE = PROJECT / "docker-compose.yml"
Services = dict[str, Any]


def needed_secrets() -> dict[str, str]:
    """Those that the first lines of docker-compose.yml ask for, each with a value of its own."""
    head = COMPOSE.read_text(encoding="utf-8").partition("\n\n")[0]
    lines = [line for line in head.splitlines() if line.startswith("#   ")]
    names = [name for line in lines for name in line.removeprefix("#").split()]
    return {name: sha256(name.encode()).hexdigest() for name in names}


def composed(folder: Path, settings: Mapping[str, str], *more: str) -> dict[str, Any]:
    """What `docker compose config` says with `settings` in the .env of `folder`, and the files of
    deploy/ that `more` names on top. Raises CalledProcessError where it refuses."""
    lines = [f"{name}={value}\n" for name, value in settings.items()]
    (folder / ".env").write_text("".join(lines), encoding="utf-8")
    program = Path(sysconfig.get_path("scripts")) / "docker-compose"
    files = [COMPOSE, *(PROJECT / "deploy" / name for name in more)]
    argv = [str(program), *(part for file in files for part in ("-f", str(file)))]
    argv += ["--project-directory", str(folder), "config", "--format", "json"]
    told = {"PATH": os.defpath, "HOME": str(folder)}
    done = subprocess.run(argv, env=told, capture_output=True, text=True, check=True)
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


def command(service: Mapping[str, Any]) -> list[str]:
    """As the container starts it; `config` doubles a dollar so that it can be read again."""
    words: list[str] = service["command"]
    return [word.replace("$$", "$") for word in words]


def documented(page: str = "operations.md") -> dict[str, set[str]]:
    """Setting → who reads it, by the rows of a page's tables that begin with settings."""
    readers: dict[str, set[str]] = {}
    for line in (PROJECT / "docs" / page).read_text(encoding="utf-8").splitlines():
        if not line.startswith("| `") or line.count("|") < 4:
            continue
        names, who = line.split("|")[1:3]
        # Not those of one kind of deployment ("and GPU workers that go by it"), nor defaults.
        words = {part.strip().lower() for part in re.split(r"[,;]| and ", who)}
        for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", names):
            readers.setdefault(name, set()).update(words)
    return readers
