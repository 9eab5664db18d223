"""The folder of one stack, and the lock that keeps a second stack out of it."""

import fcntl
import os
import time
from pathlib import Path

from s3project.embedded.errors import StackRunning

# After a supervisor was killed, its guardian keeps the lock while it ends what was left behind.
PATIENCE_SECONDS = 8.0


class StackFolder:
    """`root`, private to its owner and locked for this process until `release`."""

    def __init__(self, root: Path, *, patience: float = PATIENCE_SECONDS) -> None:
        self.path = root.resolve()
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)
        self.lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + patience
        while not self._try_lock():
            if time.monotonic() > deadline:
                os.close(self.lock)
                raise StackRunning(f"A stack already runs in {self.path}.")
            time.sleep(0.05)

    def subfolder(self, name: str) -> Path:
        """A folder of that name in it, created if absent."""
        path = self.path / name
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def release(self) -> None:
        os.close(self.lock)

    def _try_lock(self) -> bool:
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
