"""Ends the processes of a stack when their supervisor is gone, in whatever way it went.

Runs as a script of its own. Standard input is a pipe whose other end the supervisor keeps open;
each process announces itself there before it starts (`start PID SIGNAL`) and the supervisor
crosses it off once it has ended (`end PID`). When the pipe closes, what is left is asked to stop
and then killed, groups whole. Unlike a parent-death signal this reaches grandchildren, does not
depend on the thread that forked, and exists outside Linux.
"""

import os
import signal
import sys
import time
from collections.abc import Callable

GRACE_SECONDS = 5.0


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    started: dict[int, int] = {}
    for line in sys.stdin.buffer:
        match line.split():
            case [b"start", pid, stop]:
                started[int(pid)] = int(stop)
            case [b"end", pid]:
                started.pop(int(pid), None)
    for pid, stop_signal in reversed(started.items()):
        _send(os.kill, pid, stop_signal)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and any(_send(os.kill, pid, 0) for pid in started):
        time.sleep(0.05)
    for pid in started:
        _send(os.killpg, pid, signal.SIGKILL)


def _send(send: Callable[[int, int], None], pid: int, number: int) -> bool:
    try:
        send(pid, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        # macOS answers so for a group that has only zombies left.
        return False
    return True


if __name__ == "__main__":
    main()
