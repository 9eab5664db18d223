"""When a command that takes long says how far it is."""

import time

TOLD_SECONDS = 10


class Turns:
    """Every ten seconds it is time to say something, the first time after as long."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def is_due(self) -> bool:
        now = time.monotonic()
        if now - self._told <= TOLD_SECONDS:
            return False
        self._told = now
        return True
