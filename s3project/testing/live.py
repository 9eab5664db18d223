"""The real processes, started by a test against the test's own database."""

import signal
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import redis

from s3project.embedded import processes
from s3project.embedded.child import Child
from s3project.embedded.front import EVENTS, WEB, Sockets, front_argv, front_environment
from s3project.embedded.ports import HOST, free_port, is_free
from s3project.embedded.readiness import wait_until_ready
from s3project.embedded.stack import PROJECT
from s3project.embedded.supervisor import Supervisor
from s3project.embedded.web_probe import socket_answers, web_answers

# The queues, each a list for every level, and what killed workers had taken from them (Kombu's
# names).
LEFT_BEHIND = ("gpu*", "maintenance*", "unacked*")


class LiveStack:
    """Web, GPU worker and maintenance for one test; all are killed when the block ends.

    `environment` holds the variables of a stack (`EmbeddedStack.environment`) with DATABASE_URL
    naming the test database; logs and beat's schedule go to `folder`.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self.port = free_port()
        self.base_url = f"http://{HOST}:{self.port}"
        self.environment = {
            **environment,
            "PORT": str(self.port),
            "PUBLIC_BASE_URL": self.base_url,
        }
        self._folder = folder
        self._sockets = Sockets(folder)
        self._supervisor = Supervisor(folder)

    def __enter__(self) -> Self:
        self._forget_messages()
        return self

    def _forget_messages(self) -> None:
        """What earlier tests published is for callbacks that nobody answers any more: a worker
        would spend half a minute of retries on each."""
        with redis.Redis.from_url(self.environment["CELERY_BROKER_URL"]) as broker:
            for pattern in LEFT_BEHIND:
                for key in broker.scan_iter(pattern):
                    broker.delete(key)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Nothing they hold outlives the test, and a warm shutdown takes seconds.
        self._supervisor.close(gently=False)
        self._sockets.clear_up()

    @property
    def pids(self) -> dict[str, int]:
        return self._supervisor.pids

    def dead(self) -> Child | None:
        """A process that ended without being asked to, if there is one."""
        return self._supervisor.dead()

    def log(self, name: str) -> str:
        """All a process has written."""
        return self._supervisor.child(name).log_tail(lines=100_000)

    def start_web(self, *, workers: int = 1, **env: str) -> None:
        """Starts the API, and the front before it if that does not run yet, and returns when it
        answers; `env` is added to their environments."""
        self._start_front(env)
        child = self._supervisor.start(
            "web",
            processes.web_argv(processes.at_socket(self._sockets.free(WEB)), workers=str(workers)),
            env={**processes.server_environment(self.environment), **env},
            cwd=PROJECT,
        )
        wait_until_ready(child, lambda: web_answers(self.port))

    def start_events(self, **env: str) -> None:
        """Starts the process of the streams of events, behind the front, and returns when it
        answers."""
        self._start_front(env)
        child = self._supervisor.start(
            "events",
            processes.events_argv(processes.at_socket(self._sockets.free(EVENTS))),
            env={**processes.events_environment(self.environment), **env},
            cwd=PROJECT,
        )
        wait_until_ready(child, lambda: socket_answers(self._sockets.folder / EVENTS))

    def _start_front(self, env: Mapping[str, str]) -> None:
        if "front" in self.pids:
            return
        child = self._supervisor.start(
            "front",
            front_argv(),
            env=front_environment(self._folder, str(self.port), env),
            cwd=self._sockets.folder,
        )
        wait_until_ready(child, lambda: not is_free(self.port))

    def start_worker(self, name: str = "gpu", *, concurrency: int = 2, **env: str) -> None:
        """Starts a GPU worker of that name and returns when it takes work."""
        self._start_celery(
            name,
            processes.gpu_worker_argv(concurrency=concurrency, name=name),
            {**processes.gpu_worker_environment(self.environment), **env},
        )

    def start_packer(self, name: str = "packer", **env: str) -> None:
        """Starts a worker of packages of that name and returns when it takes work."""
        self._start_celery(
            name,
            processes.packer_argv(name=name),
            {**processes.gpu_worker_environment(self.environment), **env},
        )

    def start_maintenance(self, name: str = "maintenance", **env: str) -> None:
        """Starts a maintenance worker with its clock and returns when it takes work."""
        self._start_celery(
            name,
            processes.maintenance_argv(self._folder / f"schedule-{name}", name=name),
            {**processes.maintenance_environment(self.environment), **env},
        )

    def stop(self, name: str) -> None:
        """Stops a process as the end of the stack would."""
        self._supervisor.stop(name)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """SIGKILL takes the process with all its children, which then may be started again;
        another signal is sent to the process alone."""
        if number == signal.SIGKILL:
            self._supervisor.kill(name)
        else:
            self._supervisor.child(name).signal(number)

    def _start_celery(self, name: str, argv: list[str], env: Mapping[str, str]) -> None:
        child = self._supervisor.start(
            name, argv, env=env, cwd=PROJECT, stop_plan=processes.WORKER_STOP_PLAN
        )
        wait_until_ready(child, lambda: " ready." in child.log_tail(lines=1000))
