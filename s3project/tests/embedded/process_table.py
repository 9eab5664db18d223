"""What runs on this machine, as the tests need to know it."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil


def group_is_gone(pid: int) -> bool:
    """No process of the group runs; a zombie waiting for its parent does not count."""
    for process in psutil.process_iter(["status"]):
        try:
            if os.getpgid(process.pid) == pid and process.info["status"] != psutil.STATUS_ZOMBIE:
                return False
        except ProcessLookupError:
            continue
    return True


def child_running(parent: int, program: str) -> int:
    """The pid of the child of `parent` that runs `program`."""
    for child in psutil.Process(parent).children():
        if any(program in word for word in child.cmdline()):
            return int(child.pid)
    raise LookupError(program)


def listening_addresses(pid: int) -> set[tuple[str, int]]:
    """The addresses and ports at which a process and its descendants accept TCP connections."""
    tcp = _connections(pid, "tcp")
    return {(one.laddr.ip, one.laddr.port) for _, one in tcp if one.status == psutil.CONN_LISTEN}


def datagram_addresses(pid: int) -> set[tuple[str, int]]:
    """The addresses and ports at which they take datagrams from anybody."""
    udp = _connections(pid, "udp")
    return {(one.laddr.ip, one.laddr.port) for _, one in udp if one.laddr and not one.raddr}


def unix_sockets(pid: int) -> set[Path]:
    """The unix sockets that a process and its descendants made, as absolute paths."""
    return {
        folder / one.laddr
        for folder, one in _connections(pid, "unix")
        if one.laddr and not one.laddr.startswith("@")
    }


def is_only_for_its_owner(path: Path) -> bool:
    """Nobody but its owner and root can open what lies at `path`."""
    own = stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    return own or any(stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0 for folder in path.parents)


def _connections(pid: int, kind: str) -> Iterator[tuple[Path, Any]]:
    """What the process and its descendants have open, each with its working folder."""
    process = psutil.Process(pid)
    for member in [process, *process.children(recursive=True)]:
        # Some are short-lived, those of a database's housekeeping for example.
        with contextlib.suppress(psutil.NoSuchProcess):
            folder = Path(member.cwd())
            yield from ((folder, one) for one in member.net_connections(kind))
