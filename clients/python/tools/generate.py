"""`make client`: what of the client is made from something else, written anew."""

import os
import subprocess
import sys
from pathlib import Path

from tools import shapes, sync

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = Path("../../docs/client-reference.md")


def formatted(path: Path, text: str) -> str:
    """As ruff would have it."""
    tidy = ["check", "--fix-only", "-q", "--select", "I,F401"]
    for command in ([tidy] if path.suffix == ".py" else []) + [["format", "-q"]]:
        ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(ROOT / path), "-"]
        text = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True).stdout
    return text


def modules() -> dict[Path, str]:
    """Each generated module's path from clients/python, and what is to be in it."""
    texts = {shapes.TARGET: shapes.render(), **sync.render(ROOT)}
    return {path: formatted(path, text) for path, text in texts.items()}


def reference() -> str:
    """docs/client-reference.md, by a process of its own: it imports the modules as they are now."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    command = [sys.executable, "-m", "tools.reference"]
    text = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout
    return formatted(REFERENCE, text)


if __name__ == "__main__":
    for path, text in modules().items():
        (ROOT / path).write_text(text)
    (ROOT / REFERENCE).write_text(reference())
