"""How jobs are found and locked."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import models

from jobs.errors import JobNotFound

if TYPE_CHECKING:
    from jobs.models.coordinator import JobCoordinator


class JobQuerySet(models.QuerySet["JobCoordinator"]):
    _owner: UUID | None = None

    def _clone(self) -> "JobQuerySet":
        clone: JobQuerySet = super()._clone()  # type: ignore[misc]
        clone._owner = self._owner
        return clone

    def owned_by(self, user_id: UUID) -> "JobQuerySet":
        jobs = self.filter(user_id=user_id)
        jobs._owner = user_id
        return jobs

    def get_job(self, job_id: UUID | None) -> "JobCoordinator":
        """Unlocked, for reading; an archived job comes from its history. Raises JobNotFound."""
        if job_id is None:
            raise JobNotFound
        # The rows first: they go in the transaction that marks the history.
        job = self.filter(pk=job_id).first() or self.model.archived(
            job_id, self._owner, lock=bool(self.query.select_for_update)
        )
        if job is None:
            raise JobNotFound
        return job

    def lock(self, job_id: UUID | None) -> "JobCoordinator":
        """The first level of job → items → limiter. Never lazy. Raises JobNotFound."""
        return self.select_for_update(of=("self",), no_key=True).get_job(job_id)

    def lock_if_free(self, job_id: UUID) -> "JobCoordinator | None":
        """As `lock`, but None when another transaction has it or it is gone."""
        return (
            self.select_for_update(of=("self",), no_key=True, skip_locked=True)
            .filter(pk=job_id)
            .first()
        )
