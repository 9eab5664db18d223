"""What a cell denies itself, with no right that an ordinary process does not have."""

from __future__ import annotations

import ctypes
import os
import resource
from typing import Final

from jobs.gpu.engine.cell.syscalls import forbid_all_but_decoding

_CLONE_NEWUSER, _CLONE_NEWNET, _CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000
# 50 megapixels of RGBA, the planes they are made from, the sheet and the libraries, with room to
# spare. Addresses are counted, of which a process takes more than of memory.
MOST_MEMORY: Final = 3 * 2**30
_LIMITS: Final = {
    resource.RLIMIT_AS: MOST_MEMORY,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_MEMLOCK: 0,
    resource.RLIMIT_MSGQUEUE: 0,
}
_LAST: Final = {resource.RLIMIT_NOFILE: 16, resource.RLIMIT_NPROC: 256}


def leave_the_network() -> bool:
    """Move to a network of nothing, where the system lets any process do so.

    To be called before a second thread begins.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    moved: int = libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC)
    return moved == 0


def limit_resources() -> None:
    """Memory, and no file. The time is limited from outside, for each photo."""
    os.chdir("/")
    for kind, most in _LIMITS.items():
        _limit(kind, most)


def close_the_door() -> bool:
    """From here on nothing is opened, and nothing outside is reached. Returns whether the filter
    of system calls is in force."""
    for kind, most in _LAST.items():
        _limit(kind, most)
    return forbid_all_but_decoding()


def _limit(kind: int, most: int) -> None:
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))
