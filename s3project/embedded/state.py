"""How a stack makes itself known to the commands of its checkout; they look with
`s3project.running_stack`."""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path

from s3project.running_stack import STATE_FILE


class PublishedState:
    """A state file that is valid until `withdraw`, or until this process is gone."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self._path = folder / STATE_FILE
        draft = folder / f"{STATE_FILE}.draft"
        draft.unlink(missing_ok=True)
        self._descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        # Locked while nobody knows the file, then renamed: a reader finds a locked, complete
        # file or none, and never meets the lock half taken.
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        os.write(self._descriptor, json.dumps(dict(variables), indent=2).encode())
        draft.replace(self._path)

    def withdraw(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
