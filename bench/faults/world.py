"""What an experiment works with: the processes, the engines, customers, and the database."""

import os
import random
import signal
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

import requests
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet, Sum
from django.db.models.functions import Now

from bench.faults.customer import Customer
from bench.faults.journal import Journal
from bench.faults.keys import public_id_of
from jobs.lifecycle.services import IGNORED
from jobs.models import JobCoordinator, JobItem, JobPackage
from jobs.states import FINISHED, ItemStatus
from jobs.watch.audit import audit
from s3project.embedded.stack import EmbeddedStack
from s3project.testing.live import LiveStack
from users.models import BillingEvent, UserLimiter

# Small, so that an experiment ends soon. The sweep leaves a job alone for its first 5 s.
LEASES = {"WORK_LEASE_SEC": "3", "QUEUE_LEASE_SEC": "4", "SWEEP_SEC": "1"}
# In proportion to how long a worker repeats a callback (31 s), as in production: where the server
# or its database is away again and again, no photo is given up for that.
PATIENT_LEASES = {"WORK_LEASE_SEC": "40", "QUEUE_LEASE_SEC": "20"}
UNLIMITED = {
    "USER_RATE": "off",
    "ANON_SIGNUP_RATE": "off",
    "REFRESH_RATE": "off",
    "CREATE_RATE": "off",
}
SERVER = {**LEASES, **UNLIMITED}
WORKER = {"ENGINE_SEGMENTER": "obedient"}
PATIENCE = 40.0
POLL = 0.05


@dataclass
class Result:
    """What one experiment measured."""

    accepted: int = 0
    done: int = 0
    failed: int = 0
    suppressed: int = 0
    attempts: list[int] = field(default_factory=list)
    rescues: list[float] = field(default_factory=list)
    conservation_delta: int = 0
    notes: list[str] = field(default_factory=list)


class World:
    """One experiment's view: what it starts and accepts is its own, the processes may be kept."""

    def __init__(
        self, stack: EmbeddedStack, live: LiveStack, *, seed: int = 1, brief: bool = False
    ) -> None:
        """`brief` asks an experiment for fewer repetitions, for a run with the tests."""
        self.stack = stack
        self.live = live
        self.brief = brief
        self.random = random.Random(seed)
        self.journal = Journal()
        self.result = Result()
        self.jobs: list[UUID] = []
        self._customers: list[Customer] = []
        self._ignored_before = self.ignored_results()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for customer in self._customers:
            customer.close()

    # --- Processes ---------------------------------------------------------------------------

    def start(self, *names: str, **env: str) -> None:
        """Starts those of web, events, maintenance…, packer…, gpu… that do not run, `env` added."""
        for name in names:
            if name in self.live.pids:
                continue
            if name == "web":
                self.live.start_web(workers=1, **{**SERVER, **env})
            elif name.startswith("packer"):
                self.live.start_packer(name, **{**WORKER, **env})
            elif name == "events":
                self.live.start_events(**{**SERVER, **env})
            elif name.startswith("maintenance"):
                self.live.start_maintenance(name, **{**SERVER, **env})
            else:
                self.live.start_worker(name, concurrency=2, **{**WORKER, **env})

    def kill(self, *names: str) -> None:
        """SIGKILL for the processes and their children."""
        for name in names:
            if name in self.live.pids:
                self._keep_ignored_results(name)
                self.live.kill(name)

    def stop(self, *names: str) -> None:
        """As the end of the stack would: SIGTERM, and time to finish."""
        for name in names:
            self._keep_ignored_results(name)
            self.live.stop(name)

    def freeze(self, name: str) -> None:
        os.killpg(self.live.pids[name], signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        os.killpg(self.live.pids[name], signal.SIGCONT)

    # --- Work --------------------------------------------------------------------------------

    def customer(self, *, plan: str = "pro") -> Customer:
        customer = Customer(self.live.base_url, self.journal, plan=plan)
        self._customers.append(customer)
        return customer

    def start_set(self, photos: list[bytes], *, customer: Customer | None = None) -> UUID:
        job = (customer or self.customer()).start_set(photos)
        self.accept(job)
        return job

    def accept(self, job: UUID) -> None:
        self.jobs.append(job)

    def callback(
        self, job: UUID, idx: int, *, status: str = "done", attempt: int = 1
    ) -> requests.Response:
        """As a worker reports a result."""
        key = f"{public_id_of(job)}:{idx}:attempt{attempt}"
        return self._post(job, "callback", idx=idx, status=status, idempotency_key=key)

    def claim(self, job: UUID, idxs: list[int], *, attempt: int = 1) -> list[int]:
        """As a worker asks for items; returns those that it may edit."""
        answer = self._post(job, "claim", items=idxs, attempt=attempt, worker="nobody:1")
        granted: list[int] = answer.json()["data"]["granted"]
        return granted

    def _post(self, job: UUID, action: str, **body: object) -> requests.Response:
        secret = self.live.environment["GPU_CALLBACK_SECRET"].split(",")[0]
        return requests.post(
            f"{self.live.base_url}/jobs/{public_id_of(job)}/{action}",
            json=body,
            headers={"Authorization": f"Bearer {secret}"},
            timeout=10,
        )

    # --- Packages ----------------------------------------------------------------------------

    def ask_for_package(self, customer: Customer, job: UUID, template: str) -> None:
        customer.client.ask_for_package(public_id_of(job), template)

    def wait_packer_has(self, job: UUID, template: str, *, attempt: int = 1) -> None:
        """Until a worker has this attempt of the package in hand."""
        held = JobPackage.objects.filter(
            job_id=job, template=template, attempt=attempt, lease_expires_at__gt=Now()
        ).exclude(claimed_by="")
        self.wait_for(held.exists, f"attempt {attempt} of the package is in hand")

    def wait_packed(self, customer: Customer, job: UUID, template: str) -> JobPackage:
        """Until the package is ready; what can be downloaded is what was reported."""
        made = JobPackage.objects.filter(job_id=job, template=template, status="ready")
        self.wait_for(made.exists, "the package is ready", 2 * PATIENCE)
        package = made.get()
        with tempfile.TemporaryDirectory() as folder:
            fetched = customer.client.get_set(public_id_of(job)).download(folder)
            [file] = [file for file in fetched if file.suffix == ".zip"]
            with zipfile.ZipFile(file) as archive:
                assert archive.testzip() is None
                seen = (len(archive.namelist()), file.stat().st_size)
        assert seen == (package.files, package.bytes)
        return package

    # --- Waiting and looking -------------------------------------------------------------------

    def wait_for(self, reached: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
        """Until it is so, over a database that may be away."""
        deadline = time.monotonic() + seconds
        while not self._reached(reached):
            assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
            time.sleep(POLL)

    def wait_in_hand(self, job: UUID, times: int = 1) -> list[JobItem]:
        """Until workers hold so many items of the job; returns those."""
        held = JobItem.objects.in_hand().filter(job_id=job)
        self.wait_for(lambda: held.count() >= times, f"{times} items in hand")
        return list(held)

    def wait_done(self, job: UUID, times: int) -> None:
        done = JobItem.objects.filter(job_id=job, status=ItemStatus.DONE)
        self.wait_for(lambda: done.count() >= times, f"{times} items done")

    def held_by(self, name: str) -> list[JobItem]:
        """What is in the hands of a worker's processes."""
        group = self.live.pids[name]
        held = JobItem.objects.in_hand().filter(job_id__in=self.jobs)
        return [item for item in held if _group_of(item.claimed_by) == group]

    def wait_finished(
        self,
        *,
        since: float | None = None,
        of: Iterable[JobItem] | None = None,
        seconds: float = PATIENCE,
    ) -> None:
        """Until all jobs are finished. What is still pending, or what of these items is, counts
        as rescued, from the moment `since` of time.monotonic() to its result."""
        pending: set[int] | None = None
        counted = self._items() if of is None else JobItem.objects.filter(pk__in=[i.pk for i in of])

        def finished() -> bool:
            nonlocal pending
            left = set(counted.filter(status=ItemStatus.PENDING).values_list("pk", flat=True))
            if since is not None and pending is not None:
                self.result.rescues += [time.monotonic() - since] * len(pending - left)
            pending = left
            open_jobs = JobCoordinator.objects.filter(pk__in=self.jobs).exclude(status__in=FINISHED)
            return not open_jobs.exists()

        self.wait_for(finished, "all jobs finished", seconds)

    @contextmanager
    def held(self, job: UUID) -> Iterator[None]:
        """The job's row is locked by somebody else until the block ends."""
        with transaction.atomic():
            JobCoordinator.objects.lock(job)
            yield

    def items(self, job: UUID) -> dict[int, JobItem]:
        return {item.idx: item for item in JobItem.objects.filter(job_id=job)}

    def check(self) -> Result:
        """What holds after every experiment; raises AssertionError."""
        problems = self.journal.contradictions()
        assert not problems, problems
        assert self.journal.without_retry_after == 0, "a 503 without Retry-After"
        bad = {code for code in self.journal.statuses if code >= 500 and code != 503}
        assert not bad, f"answers {bad}"
        violations = [finding.check.name for finding in audit() if finding.violations]
        assert not violations, violations
        items = list(self._items())
        result = self.result
        result.accepted = len(items)
        result.done = sum(item.status == ItemStatus.DONE for item in items)
        result.failed = sum(item.status == ItemStatus.FAILED for item in items)
        result.attempts = [item.attempt for item in items]
        result.suppressed += self.ignored_results() - self._ignored_before
        result.conservation_delta = self._conservation_delta()
        assert result.conservation_delta == 0
        return result

    def _items(self) -> QuerySet[JobItem]:
        return JobItem.objects.filter(job_id__in=self.jobs)

    def _reached(self, reached: Callable[[], bool]) -> bool:
        try:
            return reached()
        except (OperationalError, InterfaceError):
            connection.close()  # the database is away; the next look connects anew
            return False

    def ignored_results(self) -> int:
        """Results that the web process which runs now was sent and had no use for."""
        return self.live.log("web").count(IGNORED) if "web" in self.live.pids else 0

    def _keep_ignored_results(self, name: str) -> None:
        if name == "web":
            self.result.suppressed += self.ignored_results() - self._ignored_before
            self._ignored_before = 0

    def _conservation_delta(self) -> int:
        """Credits that are too many or too few, over all users."""
        credits = UserLimiter.objects.aggregate(total=Sum("credits"))["total"] or 0
        ledger = BillingEvent.objects.aggregate(total=Sum("amount"))["total"] or 0
        return int(credits - ledger)


def _group_of(worker: str) -> int | None:
    """The process group of `host:pid`; None when it has ended."""
    try:
        return os.getpgid(int(worker.rpartition(":")[2]))
    except ProcessLookupError:
        return None
