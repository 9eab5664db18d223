"""The processes of one stack, in the order they were started, and their guardian."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from s3project.embedded.child import GENTLE, Child, StopPlan
from s3project.embedded.errors import StackError

GUARDIAN = Path(__file__).with_name("guardian.py")


class Supervisor:
    """Starts processes, knows which died, and stops them in reverse order.

    None of them outlives this process: see `guardian.py`. The guardian keeps the descriptors
    `held` open too, so that a lock among them is free only when everything has ended.
    """

    def __init__(self, logs: Path, *, held: Sequence[int] = ()) -> None:
        self._logs = logs
        self._children: dict[str, Child] = {}
        reader, self._guard = os.pipe()
        self._guardian = subprocess.Popen(
            # Isolated and without site packages: it starts in 15 ms and can import nothing of ours.
            [sys.executable, "-I", "-S", str(GUARDIAN)],
            stdin=reader,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            pass_fds=held,
            start_new_session=True,
        )
        os.close(reader)

    @property
    def pids(self) -> dict[str, int]:
        """The pid of every process by its name."""
        return {name: child.pid for name, child in self._children.items()}

    @property
    def guardian_pid(self) -> int:
        return self._guardian.pid

    def start(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path,
        stop_plan: StopPlan = GENTLE,
    ) -> Child:
        """Starts a process that logs to `NAME.log`; a name belongs to one process at a time."""
        if name in self._children:
            raise StackError(f"{name} runs already.")
        child = Child(
            name,
            argv,
            env=env,
            cwd=cwd,
            log=self._logs / f"{name}.log",
            guard=self._guard,
            stop_plan=stop_plan,
        )
        self._children[name] = child
        return child

    def child(self, name: str) -> Child:
        return self._children[name]

    def stop(self, name: str) -> None:
        self._children.pop(name).stop()

    def kill(self, name: str) -> None:
        """Kills a process and its group as a crash of its machine would."""
        self._children.pop(name).kill()

    def run(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path,
        seconds: float = 120.0,
    ) -> str:
        """Runs a program to its end and returns its output; raises StackError when it fails."""
        child = self.start(name, argv, env=env, cwd=cwd)
        ended = child.ends_within(seconds)
        code = child.exit_code
        self.stop(name)
        if not ended:
            raise StackError(f"{name} did not end within {seconds:.0f} s; see {child.log}.")
        if code != 0:
            raise StackError(
                f"{name} failed with code {code}; the end of {child.log}:\n{child.log_tail()}"
            )
        return child.log_tail()

    def dead(self) -> Child | None:
        """A process that ended without being asked to, if there is one."""
        return next((child for child in self._children.values() if not child.alive), None)

    def close(self, *, gently: bool = True) -> None:
        """Stops everything, the last started first, and then the guardian."""
        try:
            for name in reversed(list(self._children)):
                if gently:
                    self.stop(name)
                else:
                    self.kill(name)
        finally:
            # Also when stopping was interrupted: the guardian then ends the rest.
            os.close(self._guard)
            self._guardian.wait()
