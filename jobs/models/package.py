"""JobPackage: a set made of a done job after a template, and who works on it (contract §3.5)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from jobs.errors import PackageNotFound
from jobs.models.coordinator import JobCoordinator
from jobs.models.item import LEASE_OVER
from jobs.states import PackageStatus
from s3project.querysets import LockingQuerySet, manager_of


@dataclass(frozen=True)
class PackageResult:
    """What a worker reports of a package; `files` and `bytes` of one that is ready.

    held_ms: milliseconds that it kept the worker busy; 0 where a worker does not say.
    """

    edition: int
    attempt: int
    status: PackageStatus
    files: int = 0
    bytes: int = 0
    error: str = ""
    held_ms: int = 0


@dataclass(frozen=True)
class PackageEffect:
    """`processed`: the result changed something. `duplicate`: the same one had an effect before."""

    processed: bool
    duplicate: bool = False


class PackageQuerySet(LockingQuerySet["JobPackage"]):
    def due(self) -> "PackageQuerySet":
        """Pending packages that nobody holds a lease of, by the database's clock: as of items."""
        return self.filter(LEASE_OVER, status=PackageStatus.PENDING)

    def of(self, job_id: UUID, template: str) -> "JobPackage | None":
        """Unlocked, for reading; `template` is its alias."""
        return self.filter(job_id=job_id, template=template).first()

    def lock(self, job_id: UUID, template: str) -> "JobPackage":
        """The third level of job → items → packages → limiter. Never lazy. Raises
        PackageNotFound.
        """
        package = self.select_for_update(of=("self",), no_key=True).of(job_id, template)
        if package is None:
            raise PackageNotFound
        return package


class JobPackage(models.Model):
    """Changed only under the lock of its job, whose version rises with it; but leases of the queue
    are written without that lock, as those of items.

    A package that is asked for again is a new edition: what workers say of an older one is heard
    no more, and its objects are others.
    """

    job = models.ForeignKey(
        "jobs.JobCoordinator", models.PROTECT, related_name="packages", db_index=False
    )
    # The template's alias.
    template = models.CharField(max_length=32)
    edition = models.IntegerField(default=1)
    options = models.JSONField(default=dict, blank=True)
    status = models.CharField(
        max_length=16, choices=PackageStatus.choices, default=PackageStatus.PENDING
    )
    files = models.IntegerField(default=0)
    bytes = models.BigIntegerField(default=0)
    error = models.CharField(max_length=2000, blank=True, default="")
    asked_at = models.DateTimeField(db_default=Now())
    # When it was asked for, or a worker last had it: how long nobody came for it.
    waits_since = models.DateTimeField(db_default=Now())
    # The attempt whose result gave it its present status; 0 where the server gave it up.
    reported_attempt = models.IntegerField(null=True, blank=True)

    # As an item's: 0 until it was first sent, then 1, and one more each time that a worker which
    # had claimed it did not come through; until when it is somebody's, and whose.
    attempt = models.IntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.CharField(max_length=200, blank=True, default="")

    objects: ClassVar[PackageQuerySet] = manager_of(PackageQuerySet)

    class Meta:
        verbose_name = "package"
        ordering = ("job", "id")
        indexes = (
            models.Index(
                fields=["asked_at"], condition=Q(status="pending"), name="package_pending"
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=["job", "template"], name="package_job_template"),
            models.CheckConstraint(condition=Q(edition__gte=1), name="package_edition_gte_1"),
            models.CheckConstraint(
                condition=Q(status="pending", reported_attempt__isnull=True)
                | Q(status__in=["ready", "failed"], reported_attempt__isnull=False),
                name="package_reported_iff_ended",
            ),
            models.CheckConstraint(
                condition=Q(status="ready", files__gte=1, bytes__gte=1)
                | ~Q(status="ready") & Q(files=0, bytes=0),
                name="package_has_files_iff_ready",
            ),
            models.CheckConstraint(
                condition=Q(status="failed") & ~Q(error="") | ~Q(status="failed") & Q(error=""),
                name="package_has_error_iff_failed",
            ),
        )

    def __str__(self) -> str:
        return f"{self.template} {self.status}"

    @property
    def name(self) -> str:
        """Template and edition: what a worker's token is for."""
        return f"{self.template}.{self.edition}"

    @classmethod
    def order(
        cls, job: JobCoordinator, template: str, options: dict[str, Any] | None = None
    ) -> tuple["JobPackage", bool]:
        """– → pending, ready | failed → pending; also whether it is to be made anew: one that is
        being made with the same options already is that one.

        Needs the lock of a done job.
        """
        options = options or {}
        package = cls.objects.filter(job=job, template=template).first()
        if package is None:
            package = cls.objects.create(job=job, template=template, options=options)
        else:
            package = cls.objects.lock(job.id, template)
            if package.status == PackageStatus.PENDING and package.options == options:
                return package, False
            package._begin_anew(options)
        job.note_change()
        return package, True

    def _begin_anew(self, options: dict[str, Any]) -> None:
        self.edition += 1
        self.options, self.status = options, PackageStatus.PENDING
        self.files = self.bytes = self.attempt = 0
        self.error = self.claimed_by = ""
        self.reported_attempt = self.lease_expires_at = None
        self.save()
        JobPackage.objects.filter(pk=self.pk).update(asked_at=Now(), waits_since=Now())

    def claim(self, *, edition: int, attempt: int, worker: str, lease: timedelta) -> bool:
        """Whether `worker` may make it now: then it is leased to it. Not while another worker's
        lease lives, nor after it was sent again, asked for again, or ended.

        Needs the locks of its job and of itself.
        """
        if self.status != PackageStatus.PENDING or edition != self.edition:
            return False
        free = JobPackage.objects.filter(LEASE_OVER | Q(claimed_by__in=["", worker]), pk=self.pk)
        return bool(
            free.filter(attempt__lte=attempt).update(
                claimed_by=worker,
                attempt=attempt,
                lease_expires_at=Now() + lease,
                waits_since=Now(),
            )
        )

    def on_result(self, job: JobCoordinator, result: PackageResult) -> PackageEffect:
        """pending → ready | failed, failed → ready: what was given up may come after all.

        A failure of an attempt that was given up is ignored: the newer one decides. Needs the
        locks of its job and of itself.
        """
        if result.edition != self.edition:
            return PackageEffect(processed=False)
        if result.status == self.status:
            same = self.reported_attempt == result.attempt
            return PackageEffect(processed=False, duplicate=same)
        failed = result.status == PackageStatus.FAILED
        if self.status == PackageStatus.READY or (failed and result.attempt < self.attempt):
            return PackageEffect(processed=False)
        self._end(job, result)
        return PackageEffect(processed=True)

    def give_up(self, job: JobCoordinator, reason: str) -> None:
        """pending → failed, by the server. Needs the locks of its job and of itself."""
        self._end(job, PackageResult(self.edition, 0, PackageStatus.FAILED, error=reason))

    def _end(self, job: JobCoordinator, result: PackageResult) -> None:
        self.status, self.reported_attempt = result.status, result.attempt
        self.files, self.bytes, self.error = result.files, result.bytes, result.error
        self.lease_expires_at = None
        self.save(
            update_fields=[
                "status", "reported_attempt", "files", "bytes", "error", "lease_expires_at"
            ]
        )  # fmt: skip
        job.note_change()
