"""`make client`: what of the client is made from something else, written anew."""

import subprocess
import sys
from pathlib import Path

from tools import reference, shapes, sync

ROOT = Path(__file__).resolve().parents[1]


def formatted(path: Path, text: str) -> str:
    """As ruff would have it."""
    for command in (["check", "--fix-only", "-q", "--select", "I,F401"], ["format", "-q"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(ROOT / path), "-"]
        text = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True).stdout
    return text


def everything() -> dict[Path, str]:
    """Each generated file's path from clients/python, and what is to be in it."""
    texts = {shapes.TARGET: shapes.render(), **sync.render(ROOT)}
    made = {path: formatted(path, text) for path, text in texts.items()}
    return {**made, reference.TARGET: reference.render()}


if __name__ == "__main__":
    for path, text in everything().items():
        (ROOT / path).write_text(text)
