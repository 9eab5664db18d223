"""The whole service on one machine: schema, API, maintenance and GPU worker on the engines."""

import os
from collections.abc import Mapping

from s3project.embedded import processes
from s3project.embedded.child import Child
from s3project.embedded.front import EVENTS, WEB, front_argv, front_environment
from s3project.embedded.ports import is_free
from s3project.embedded.readiness import wait_until_ready
from s3project.embedded.stack import EmbeddedStack
from s3project.embedded.web_probe import socket_answers, web_answers

DEFAULT_WEB_WORKERS = "2"


def start_services(stack: EmbeddedStack, *, worker: bool = True) -> None:
    """Brings the schema up to date, starts the processes, returns when the API answers, and
    announces the stack to the other commands of this checkout. `worker=False` leaves the GPU
    worker out, so that one elsewhere or of another kind may do the work."""
    environment = processes.server_environment(stack.environment)
    migrate = processes.manage_argv("migrate", "--no-input", "--verbosity", "0")
    stack.run_process("migrate", migrate, processes.migration_environment(stack.environment))
    web = _start_web(stack, environment)
    events = stack.start_process(
        "events",
        processes.events_argv(processes.at_socket(stack.sockets.free(EVENTS))),
        processes.events_environment(stack.environment),
    )
    port = stack.environment["PORT"]
    front = stack.start_process(
        "front",
        front_argv(),
        front_environment(stack.folder, port, os.environ),
        cwd=stack.sockets.folder,
    )
    stack.start_process(
        "maintenance",
        processes.maintenance_argv(stack.folder / "schedule"),
        processes.maintenance_environment(stack.environment),
        stop_plan=processes.WORKER_STOP_PLAN,
    )
    if worker:
        stack.start_process(
            "gpu",
            processes.gpu_worker_argv(),
            processes.gpu_worker_environment(stack.environment),
            stop_plan=processes.WORKER_STOP_PLAN,
        )
        stack.start_process(
            "packer",
            processes.packer_argv(),
            processes.gpu_worker_environment(stack.environment),
            stop_plan=processes.WORKER_STOP_PLAN,
        )
    wait_until_ready(front, lambda: not is_free(int(port)))
    wait_until_ready(web, lambda: web_answers(int(port)))
    wait_until_ready(events, lambda: socket_answers(stack.sockets.folder / EVENTS))
    stack.announce()


def _start_web(stack: EmbeddedStack, environment: Mapping[str, str]) -> Child:
    workers = os.environ.get("WEB_WORKERS") or DEFAULT_WEB_WORKERS
    argv = processes.web_argv(processes.at_socket(stack.sockets.free(WEB)), workers=workers)
    return stack.start_process("web", argv, environment)
