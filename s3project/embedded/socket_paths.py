"""Which paths a unix socket can have."""

import os
from pathlib import Path

# The address of a unix socket has room for 107 bytes, on some systems for 103.
LONGEST_SOCKET = 100


def fits(path: Path) -> bool:
    """Whether a socket can be bound there; the path of a deep checkout is too long."""
    return len(os.fsencode(path)) <= LONGEST_SOCKET
