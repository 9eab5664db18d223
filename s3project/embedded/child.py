"""One process under supervision: started in a group of its own, logged, and stopped whole."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

# What a process is asked, and how long it may take each time, before its group is killed.
StopPlan = Sequence[tuple[signal.Signals, float]]
GENTLE: StopPlan = ((signal.SIGTERM, 10.0),)

# The process tells the guardian its pid before it becomes the program: there is no moment at
# which it runs and the guardian does not know it. The shell is replaced, so the pid stays.
# Whatever it creates is its user's alone, sockets in /tmp included.
ANNOUNCED = 'umask 077 && echo "start $$ $0" >&0 && exec "$@" </dev/null'


class Child:
    """A started process; `guard` is the write end of the guardian's pipe."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log: Path,
        guard: int,
        stop_plan: StopPlan = GENTLE,
    ) -> None:
        self.name = name
        self.log = log
        self._guard = guard
        self._stop_plan = stop_plan
        if log.exists():
            # The run before stays readable, and a log never grows beyond one run.
            log.replace(log.with_suffix(".previous.log"))
        with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", ANNOUNCED, str(int(stop_plan[0][0])), *map(str, argv)],
                env=dict(env),
                cwd=cwd,
                stdin=guard,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.poll()

    @property
    def alive(self) -> bool:
        return self.exit_code is None

    def signal(self, number: int) -> None:
        """Sends the signal to the process alone, not to its group."""
        self._process.send_signal(number)

    def stop(self) -> None:
        """Asks it to stop, waits a bounded time, then kills whatever is left of its group."""
        for number, seconds in self._stop_plan:
            self._process.send_signal(number)
            if self.ends_within(seconds):
                break
        self.kill()

    def kill(self) -> None:
        """Kills its group at once."""
        # Nothing may be left of it, which macOS reports as a missing permission.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        os.write(self._guard, f"end {self.pid}\n".encode())

    def log_tail(self, lines: int = 15) -> str:
        """The last lines it wrote."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def ends_within(self, seconds: float) -> bool:
        """Waits for its end; False when it still runs after that time."""
        deadline = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True
