"""Waiting for a process to answer."""

import time
from collections.abc import Callable

from s3project.embedded.child import Child
from s3project.embedded.errors import StackError


def wait_until_ready(child: Child, answers: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Returns when `answers()` does; raises StackError if the process ends or time runs out."""
    deadline = time.monotonic() + seconds
    while not answers():
        if not child.alive:
            raise StackError(
                f"{child.name} ended with code {child.exit_code} while it started; "
                f"the end of {child.log}:\n{child.log_tail()}"
            )
        if time.monotonic() > deadline:
            raise StackError(
                f"{child.name} did not answer within {seconds:.0f} s; "
                f"the end of {child.log}:\n{child.log_tail()}"
            )
        time.sleep(0.02)
