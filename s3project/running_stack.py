"""Which one-machine stack runs in a checkout: what it published in `.local/stack/state.json`.

The file holds the stack's environment variables, secrets included, and its supervisor keeps an
exclusive flock on it (`embedded/state.py` writes it). A file without that lock was left behind by
a supervisor that is gone. The kernel drops the lock with its holder, so unlike a pid it cannot
come to mean another process.
"""

import fcntl
import json
import os
from pathlib import Path

STACK_FOLDER = Path(".local") / "stack"
STATE_FILE = "state.json"
OFF = frozenset({"off", "0", "false", "no"})


def running_stack(base_dir: Path) -> dict[str, str]:
    """The variables of the stack that runs in the checkout `base_dir`, or {} when none does.

    `S3_STACK=off` hides a running stack. Never raises: settings are read through this, and a
    stack that cannot be read is a stack that does not run.
    """
    if os.environ.get("S3_STACK", "").lower() in OFF:
        return {}
    try:
        with open(base_dir / STACK_FOLDER / STATE_FILE, encoding="utf-8") as file:
            if not _is_locked(file.fileno()):
                return {}
            variables = json.load(file)
    except (OSError, ValueError):
        return {}
    if not isinstance(variables, dict):
        return {}
    return {str(name): str(value) for name, value in variables.items()}


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
