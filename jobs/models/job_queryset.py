"""How jobs are found and locked."""

from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jobs.errors import JobNotFound
from jobs.models.result_statements import FoundItem, find_statement, found_by_idx
from s3project.querysets import LockingQuerySet, of_all_rows, require_transaction
from s3project.rows import fetch_one, fetch_together, rows_of

if TYPE_CHECKING:  # its manager is made of this
    from jobs.models.coordinator import JobCoordinator

LOCK = "FOR NO KEY UPDATE OF job"


class JobQuerySet(LockingQuerySet["JobCoordinator"]):
    def owned_by(self, user_id: UUID) -> "JobQuerySet":
        return self.filter(user_id=user_id)

    # Written out, since one of them runs with every request: of all jobs, or all of an owner's,
    # whatever the queryset was filtered by.

    @of_all_rows
    def get_job(self, job_id: UUID | None, *, owner: UUID | None = None) -> "JobCoordinator":
        """Unlocked, for reading. With an `owner` only that user's. Raises JobNotFound."""
        return self._found("", job_id, owner)

    @of_all_rows
    def lock(self, job_id: UUID | None, *, owner: UUID | None = None) -> "JobCoordinator":
        """The first level of job → items → packages → limiter. Never lazy. With an `owner` only
        that user's. Raises JobNotFound."""
        require_transaction(self.db)
        return self._found(LOCK, job_id, owner)

    @of_all_rows
    def lock_for_result(
        self, job_id: UUID | None, idx: int, key: str, status: str
    ) -> "tuple[JobCoordinator, dict[int, FoundItem]]":
        """As `lock`, and in the same exchange, under the lock, by idx the item `idx` and the one
        that knows the key, before a result of this status. Raises JobNotFound."""
        require_transaction(self.db)
        locking = _one_job(self.model, False, LOCK)
        find = find_statement(job_id, idx, key, status)
        jobs, items = fetch_together((locking, [job_id]), find)
        if not jobs:
            raise JobNotFound
        return rows_of(self.model).instance(jobs[0]), found_by_idx(items)

    def lock_if_free(self, job_id: UUID) -> "JobCoordinator | None":
        """As `lock`, but None when another transaction has it or it is gone."""
        require_transaction(self.db)
        try:
            return self._found(f"{LOCK} SKIP LOCKED", job_id, None)
        except JobNotFound:
            return None

    def _found(self, locking: str, job_id: UUID | None, owner: UUID | None) -> "JobCoordinator":
        assert not self.query.where, "a filter would be passed over"
        parameters: list[Any] = [job_id] if owner is None else [job_id, owner]
        statement = _one_job(self.model, owner is not None, locking)
        row = fetch_one(statement, parameters) if job_id is not None else None
        if row is None:
            raise JobNotFound
        return rows_of(self.model).instance(row)


@cache
def _one_job(model: "type[JobCoordinator]", has_owner: bool, locking: str) -> str:
    of_owner = "AND user_id = %s" if has_owner else ""
    columns = rows_of(model).columns("job")
    return f"SELECT {columns} FROM jobs_jobcoordinator AS job WHERE id = %s {of_owner} {locking}"
