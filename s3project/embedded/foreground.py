"""`make serve`: the whole service in the foreground until it is told to stop."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from s3project import __version__
from s3project.embedded import processes
from s3project.embedded.errors import StackError, StackRunning
from s3project.embedded.services import start_services
from s3project.embedded.stack import EmbeddedStack
from s3project.running_stack import STACK_FOLDER, running_stack

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OPERATOR_EMAIL = "operator@localhost"
OPERATOR_MARK = "kept with another password"


def serve(base_dir: Path, *, worker: bool, say: Callable[[str], None]) -> None:
    """Runs the stack of the checkout `base_dir` until Ctrl-C, SIGTERM or SIGHUP.

    Raises StackError when it cannot start, or when a process of it dies.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, _interrupt_once)
    try:
        _refuse_a_second(base_dir)
        say("Starting PostgreSQL, Valkey and SeaweedFS …")
        with EmbeddedStack(base_dir / STACK_FOLDER) as stack:
            say("Starting the API and its workers …")
            start_services(stack, worker=worker)
            say(_summary(stack, base_dir, worker=worker, operator=_ensure_operator(stack)))
            _watch(stack)
    except StackRunning:
        _refuse_a_second(base_dir)
        raise StackError("Another stack is starting or stopping in this checkout.") from None
    except KeyboardInterrupt:
        say("Stopped.")


def _interrupt_once(number: int, frame: FrameType | None) -> None:
    # Stopping takes a bounded time: an impatient second Ctrl-C must not cut it short.
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _refuse_a_second(base_dir: Path) -> None:
    os.environ.pop("S3_STACK", None)
    running = running_stack(base_dir)
    if running:
        raise StackError(
            f"A stack already runs in this checkout, at {running['PUBLIC_BASE_URL']}: "
            "use it, or stop it with Ctrl-C where it was started."
        )


def _watch(stack: EmbeddedStack) -> None:
    while True:
        dead = stack.dead()
        if dead is not None:
            raise StackError(
                f"{dead.name} ended unexpectedly with code {dead.exit_code}; "
                f"the end of {dead.log}:\n{dead.log_tail()}"
            )
        time.sleep(0.2)


def _ensure_operator(stack: EmbeddedStack) -> str:
    """The operator's login as a line to print."""
    said = stack.run_process(
        "operator",
        processes.manage_argv("ensure_operator", OPERATOR_EMAIL),
        {
            **processes.server_environment(stack.environment),
            "OPERATOR_PASSWORD": stack.operator_password,
        },
    )
    password = "the password you gave it" if OPERATOR_MARK in said else stack.operator_password
    return f"{OPERATOR_EMAIL}  {password}"


def _summary(stack: EmbeddedStack, base_dir: Path, *, worker: bool, operator: str) -> str:
    environment = stack.environment
    rows = {
        "Studio": f"{environment['PUBLIC_BASE_URL']}/studio",
        "API": environment["PUBLIC_BASE_URL"],
        "Docs": f"{environment['PUBLIC_BASE_URL']}/docs",
        "Admin": f"{environment['PUBLIC_BASE_URL']}/admin/",
        "Operator": operator,
        "Storage": f"{environment['STORAGE_S3_ENDPOINT']}  bucket {environment['STORAGE_BUCKET']}",
        "GPU worker": "running" if worker else "left out (WORKER=0)",
        "Logs": str(stack.logs.relative_to(base_dir)),
        "Stop": "Ctrl-C",
    }
    lines = [f"  {name:<11} {value}" for name, value in rows.items()]
    return "\n".join(["", *stack.notes, f"S3 {__version__} runs on this machine.", "", *lines, ""])
