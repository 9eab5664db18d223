"""JobCoordinator: the state machine of one job, its items and its idempotency."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Cast, Concat, Greatest, Now
from django.utils import timezone

from jobs import keys
from jobs.errors import (
    AlreadyCanceled,
    IdempotencyConflict,
    InvalidTransition,
    StillAtWork,
)
from jobs.limits import overtime
from jobs.models.item import NewPhoto
from jobs.models.item_statements import lease_items, store_job
from jobs.models.job_queryset import JobQuerySet
from jobs.models.job_row import JobRow
from jobs.models.outbox import write_event
from jobs.models.result_statements import FoundItem, ItemChange, JobChange, store_result
from jobs.models.results import ItemResult, JobProgress, ResultEffect
from jobs.result_keys import TIMEOUT, attempt_of
from jobs.states import TRANSITIONS, ItemStatus, JobStatus
from s3project.errors import ValidationFailed
from s3project.querysets import manager_of
from s3project.rows import rows_of

NOT_ISSUED = "Must be the key that was issued for photo {}, or absent."


class JobCoordinator(JobRow):
    """One job. Every method that changes it needs the row locked by `lock`."""

    objects: ClassVar[JobQuerySet] = manager_of(JobQuerySet)

    # --- One method per event; the docstring is the arrow ------------------------------------

    @classmethod
    def create(
        cls,
        *,
        job_id: UUID,
        user_id: UUID,
        preset: str,
        photos: Sequence[NewPhoto],
        metadata: dict[str, str] | None = None,
        source: "JobCoordinator | None" = None,
    ) -> "JobCoordinator":
        """– → created, or with photos that `source` holds already – → uploaded; with an item for
        each photo; one statement whatever their number"""
        job = cls(
            id=job_id,
            user_id=user_id,
            preset=preset,
            metadata=metadata or {},
            total_items=len(photos),
        )
        if source is not None:
            job.status = JobStatus.UPLOADED
            job.source_job_id, job.photos_job_id = source.id, source.photos_of
        store_job(job, photos)
        return job

    def mark_uploaded(self) -> None:
        """created → uploaded"""
        self._move(JobStatus.UPLOADED)
        self._write("status", "updated_at")

    def mark_queued(
        self,
        concepts: dict[str, Any],
        protect: list[str],
        *,
        protect_defaulted: bool = False,
        rule_id: UUID | None = None,
        output_template: str | None = None,
    ) -> None:
        """uploaded → queued, with what is to be done"""
        if self.status == JobStatus.CANCELED:
            raise AlreadyCanceled
        self._move(JobStatus.QUEUED)
        self.concepts, self.protect = concepts, protect
        self.protect_defaulted = protect_defaulted
        self.rule_id, self.output_template = rule_id, output_template
        self.queued_at = timezone.now()
        self._write(
            "status", "concepts", "protect", "protect_defaulted", "rule_id",
            "output_template", "queued_at", "updated_at",
        )  # fmt: skip

    def on_item_result(self, result: ItemResult, found: Mapping[int, FoundItem]) -> ResultEffect:
        """queued → running with the first effect, running → done | failed with the last; `found`
        is what `lock_for_result` gave

        The order of checks is the table of contract §4.3. Counters follow items, never keys:
        an item counts when it leaves `pending`, and again only when a failure becomes a success.
        Raises ValidationFailed, IdempotencyConflict or InvalidTransition, without effect.
        """
        output_key, preview_key = self._issued_keys(result)
        key = result.idempotency_key
        for item in found.values():
            if item.knows_key(key):
                if item.idx != result.idx:
                    raise IdempotencyConflict(idx=item.idx)
                return ResultEffect(processed=False, duplicate=True)
        if self.is_finished:
            self._count_time_after_cancel(result)
            return ResultEffect(processed=False)
        if not self.is_in_work:
            raise InvalidTransition(status=self.status, target=JobStatus.RUNNING)

        item = found[result.idx]
        if item.status in (ItemStatus.DONE, result.status):
            return ResultEffect(processed=False)
        done = result.status == ItemStatus.DONE
        attempt = attempt_of(key)
        if not done and attempt is not None and attempt < item.attempt:
            # A failure of an attempt that was given up: the newer one decides (architecture §3).
            return ResultEffect(processed=False)
        change = self._count(
            done=int(done),
            failed=int(not done) - int(item.status == ItemStatus.FAILED),
            overtime_ms=overtime(result.held_ms),
        )
        store_result(
            ItemChange(
                item_id=item.id,
                before=item.status,
                status=result.status,
                output_key=output_key if done else "",
                preview_key=preview_key if done else "",
                error="" if done else result.error,
                warnings=result.warnings,
                instances=result.instances if done else {},
                idempotency_key=key,
            ),
            change,
        )
        told = self._tell(f"item.{result.status}", result.idx) if item.is_wanted else 0
        return ResultEffect(
            processed=True, at_work=item.others_at_work, unsent=item.others_unsent, told=told
        )

    def _tell(self, event: str, idx: int) -> int:
        return write_event(event, user_id=self.user_id, job_id=self.id, idx=idx)

    def _count_time_after_cancel(self, result: ItemResult) -> None:
        """A photo that a cancel came upon kept its worker busy all the same, and its user got the
        credits back: all of its time is the user's share, once. Else whoever cancels in time
        would have workers for nothing, again and again, and be served first each time.
        """
        if self.status != JobStatus.CANCELED or not result.held_ms:
            return
        in_hand = self.items.filter(
            idx=result.idx, status=ItemStatus.PENDING, lease_expires_at__isnull=False
        )
        if in_hand.exclude(claimed_by="").update(lease_expires_at=None):
            self.note_overtime(result.held_ms)

    def _count(self, *, done: int, failed: int, overtime_ms: int = 0) -> JobChange:
        """Adds to the counters and moves to where they lead; returns what is to be written."""
        self.done_items += done
        self.failed_items += failed
        if self.status == JobStatus.QUEUED:
            self._move(JobStatus.RUNNING)
        if self.done_items + self.failed_items == self.total_items:
            self._move(JobStatus.DONE if self.done_items else JobStatus.FAILED)
            self.finished_at = timezone.now()
        return JobChange(
            status=self.status,
            done=done,
            failed=failed,
            finished_at=self.finished_at,
            overtime_ms=overtime_ms,
        )

    def cancel(self, *, charge_done: bool = False) -> bool:
        """any except done, canceled → canceled; with `charge_done` the photos that are done stay
        the user's, and charged

        Returns whether the job was unfinished, so that it must be settled now.
        """
        if self.status == JobStatus.CANCELED:
            raise AlreadyCanceled
        was_unfinished = not self.is_finished
        self._move(JobStatus.CANCELED)
        self.canceled_charge = self.done_items if charge_done else 0
        self.finished_at = self.finished_at or timezone.now()
        self._write("status", "canceled_charge", "finished_at", "updated_at")
        return was_unfinished

    def give_up(self) -> bool:
        """finished, and from now on without photos and results; False when it was so before

        Raises StillAtWork for a job that is not finished.
        """
        if not self.is_finished:
            raise StillAtWork(status=self.status)
        if self.deleted_at is not None:
            return False
        self.deleted_at = timezone.now()
        self._write("deleted_at", "updated_at")
        return True

    def keep_until(self, end: datetime) -> None:
        """finished; its photos and results are kept until then at least"""
        self.kept_until = end
        self._write("kept_until", "updated_at")

    def time_out(self) -> int:
        """queued → running, running → done | failed: what nobody reported fails

        Returns how many items. Raises InvalidTransition when the job is not in work.
        """
        if not self.is_in_work:
            raise InvalidTransition(status=self.status, target=JobStatus.FAILED)
        unreported = self.items.filter(status=ItemStatus.PENDING)
        # Locked in the order of idx, as everywhere, before one statement changes them all.
        idxs = list(unreported.lock_in_order().values_list("idx", flat=True))
        unreported.update(
            status=ItemStatus.FAILED,
            error=TIMEOUT,
            lease_expires_at=None,
            idempotency_key=Concat(
                Value(f"{self.public_id}:"), Cast("idx", models.CharField()), Value(f":{TIMEOUT}")
            ),
        )
        change = self._count(done=0, failed=len(idxs))
        JobCoordinator.objects.filter(pk=self.pk).update(
            status=change.status,
            failed_items=F("failed_items") + change.failed,
            finished_at=change.finished_at,
            updated_at=Now(),
        )
        return len(idxs)

    def note_change(self) -> None:
        """What is shown of the job changed beside its row, a package of it: its version rises."""
        later = Greatest(Now(), F("updated_at") + timedelta(microseconds=1))
        JobCoordinator.objects.filter(pk=self.pk).update(updated_at=later)

    def note_overtime(self, overtime_ms: int) -> None:
        """Time that counts against its user's share of the workers."""
        if overtime_ms:
            JobCoordinator.objects.filter(pk=self.pk).update(
                overtime_ms=F("overtime_ms") + overtime_ms, overtime_at=Now()
            )

    def claim(
        self, idxs: list[int], *, attempt: int, worker: str, lease: timedelta
    ) -> dict[int, str]:
        """The items among `idxs` that `worker` may edit now, with where their photos are; they are
        leased to it (contract §4.4).

        Not granted: settled items, items under another worker's live lease, items that were
        sent again since, and everything once the job is finished.
        """
        if not self.is_in_work:
            return {}
        return lease_items(self.id, idxs, attempt=attempt, worker=worker, lease=lease)

    def get_status(self) -> tuple[JobStatus, JobProgress]:
        """Where the job stands."""
        return JobStatus(self.status), self.progress

    def _write(self, *columns: str) -> None:
        rows_of(JobCoordinator).update(self, *columns)

    # --- The only writer of `status` ---------------------------------------------------------

    def _move(self, target: JobStatus) -> None:
        """Raises InvalidTransition when the table of edges has no such edge."""
        if target not in TRANSITIONS[JobStatus(self.status)]:
            raise InvalidTransition(status=self.status, target=target)
        self.status = target

    def _issued_keys(self, result: ItemResult) -> tuple[str, str]:
        """The result's keys; raises ValidationFailed for an idx or a key that was never issued."""
        if not 0 <= result.idx < self.total_items:
            last = self.total_items - 1
            text = f"Must be from 0 to {last}" if last else "Must be 0"
            raise ValidationFailed({"idx": [f"{text}, not {result.idx}."]})
        output_key = keys.output_key(self.user_id, self.id, result.idx)
        preview_key = keys.preview_key(self.user_id, self.id, result.idx)
        if result.output_key not in (None, output_key):
            raise ValidationFailed({"output_key": [NOT_ISSUED.format(result.idx)]})
        if result.preview_key not in (None, preview_key):
            raise ValidationFailed({"preview_key": [NOT_ISSUED.format(result.idx)]})
        return output_key, preview_key
