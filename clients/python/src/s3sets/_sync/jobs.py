# Generated from _async: `make client`.
"""Jobs, step by step. `edit` of the client takes all of these steps itself."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from s3sets._calls import Call, Page, given, new_key, query, to_json
from s3sets._orders import order_body
from s3sets._sync.base import Base
from s3sets._sync.watch import PACKAGE_SECONDS, job_states
from s3sets.shapes import (
    CanceledJob,
    CheckedJob,
    ConfirmedJob,
    CreatedJob,
    DeletedJob,
    Edit,
    Job,
    JobSummary,
    Package,
    PackageOptionsIn,
    PhotoIn,
    QueuedJob,
)


class Jobs(Base):
    def check_job(
        self,
        preset: str,
        item_count: int,
        concepts: Mapping[str, Edit | str] | None = None,
        *,
        protect: Iterable[str] | None = None,
        rule_id: str | None = None,
        output_template: str | None = None,
    ) -> CheckedJob:
        """What a set would cost, whether it would be admitted, and what of it would not happen.
        Nothing is changed or charged.
        """
        order = order_body(concepts, protect, rule_id, output_template)
        body = to_json({"preset": preset, "item_count": item_count, **order})
        said: CheckedJob = self._data(Call("POST", "/jobs/check", body, harmless=True))
        return said

    def create_job(
        self,
        preset: str | None = None,
        item_count: int | None = None,
        *,
        items: Sequence[PhotoIn] | None = None,
        metadata: Mapping[str, str] | None = None,
        source_job_id: str | None = None,
        only: Literal["all", "failed"] | None = None,
        source_items: Sequence[int] | None = None,
        idempotency_key: str | None = None,
    ) -> CreatedJob:
        """A job, for which credits are reserved: one for each photo.

        Either of new photos (`preset` with `item_count` or `items`), or of those of another job
        (`source_job_id`, of them `only` the failed ones, or the `source_items` by idx). Raises
        CreditsExhausted, LimitReached, ConcurrencyLimit, SourceGone.
        """
        body = given(
            preset=preset,
            item_count=item_count,
            items=items if source_job_id is None else source_items,
            metadata=metadata,
            source_job_id=source_job_id,
            only=only,
        )
        call = Call("POST", "/jobs", to_json(body), key=idempotency_key or new_key())
        said: CreatedJob = self._data(call)
        return said

    def confirm_upload(self, job_id: str, *, idempotency_key: str | None = None) -> ConfirmedJob:
        """All photos are uploaded; `missing` and `problems` of the answer say which are not."""
        path = f"/jobs/{job_id}/confirm-upload"
        said: ConfirmedJob = self._data(Call("POST", path, key=idempotency_key or new_key()))
        return said

    def execute_job(
        self,
        job_id: str,
        concepts: Mapping[str, Edit | str] | None = None,
        *,
        protect: Iterable[str] | None = None,
        rule_id: str | None = None,
        output_template: str | None = None,
        strict: bool = False,
        idempotency_key: str | None = None,
    ) -> QueuedJob:
        """Says what to do with the photos. With `strict` what would be a warning is refused
        instead. Raises ValidationFailed, WrongState.
        """
        body = to_json(order_body(concepts, protect, rule_id, output_template, strict=strict))
        path = f"/jobs/{job_id}/execute"
        said: QueuedJob = self._data(Call("POST", path, body, key=idempotency_key or new_key()))
        return said

    def get_job(self, job_id: str) -> Job:
        """A job as it stands. Raises NotFound."""
        said: Job = self._data(Call("GET", f"/jobs/{job_id}"))
        return said

    def watch_job(
        self,
        job_id: str,
        *,
        poll_seconds: float = 3.0,
        package_seconds: float | None = PACKAGE_SECONDS,
    ) -> Iterator[Job]:
        """The job as it stands, and again whenever something of it has changed, until it is
        finished and no package of it is being made.

        By the server's events; where there are none, or they break, by asking every
        `poll_seconds`. Raises PackageLate when a package is not there `package_seconds` after the
        photos; None waits for ever.
        """
        for job in job_states(
            self._transport, job_id, poll_seconds=poll_seconds, package_seconds=package_seconds
        ):
            yield job

    def list_jobs(
        self,
        *,
        status: str | Sequence[str] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page[JobSummary]:
        """A page of the user's jobs, newest first."""
        fields = query(status=status, limit=limit, cursor=cursor)
        return self._page(Call("GET", "/jobs", query=fields))

    def cancel_job(self, job_id: str, *, idempotency_key: str | None = None) -> CanceledJob:
        """Ends a job that is not done, and refunds what it has not finished. Raises WrongState."""
        call = Call("POST", f"/jobs/{job_id}/cancel", key=idempotency_key or new_key())
        said: CanceledJob = self._data(call)
        return said

    def delete_job(self, job_id: str, *, idempotency_key: str | None = None) -> DeletedJob:
        """Deletes photos and results of a finished job; it stays in the list as `expired`."""
        call = Call("DELETE", f"/jobs/{job_id}", key=idempotency_key or new_key())
        said: DeletedJob = self._data(call)
        return said

    def list_packages(self, job_id: str) -> list[Package]:
        """What is made of the results beside them: contact sheets, cards, pairs, in a ZIP."""
        said: list[Package] = self._data(Call("GET", f"/jobs/{job_id}/packages"))
        return said

    def ask_for_package(
        self,
        job_id: str,
        template: str,
        options: PackageOptionsIn | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Package:
        """Asks for one more package of a done job, or for the same one anew. It costs nothing;
        watch the job until it is ready. Raises ValidationFailed, WrongState.
        """
        body = to_json(given(template=template, options=options))
        call = Call("POST", f"/jobs/{job_id}/packages", body, key=idempotency_key or new_key())
        said: Package = self._data(call)
        return said
