"""What runs on this machine, as the tests need to know it."""

import os

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


def listening_addresses(pid: int) -> set[str]:
    """The addresses at which a process accepts connections."""
    connections = psutil.Process(pid).net_connections("inet")
    return {each.laddr.ip for each in connections if each.status == psutil.CONN_LISTEN}
