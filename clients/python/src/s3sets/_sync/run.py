# Generated from _async: `make client`.
"""One set on its way: create, upload, confirm, execute, and watch, from wherever it stands."""

from typing import Any

from s3sets._calls import Call, new_key
from s3sets._events import FINISHED
from s3sets._photos import Photo
from s3sets._state import SetState, StateFile
from s3sets._sync.io import Crew, Lock, in_thread
from s3sets._sync.transport import Transport
from s3sets._sync.watch import job_states
from s3sets._teller import Teller
from s3sets.errors import (
    ConcurrencyLimit,
    CreditsExhausted,
    LimitReached,
    NotFound,
    SourceGone,
    TransferFailed,
    ValidationFailed,
)
from s3sets.progress import OnProgress
from s3sets.shapes import Job, Upload

# The URL has ended, or was signed for another size.
REFUSED_URL = 403

# Of a job that is not made: it is as if nothing had been asked.
REFUSALS = (
    ConcurrencyLimit,
    CreditsExhausted,
    LimitReached,
    NotFound,
    SourceGone,
    ValidationFailed,
)


class Run:
    """Steps that may each be taken again. The state is saved before what it must not forget."""

    def __init__(
        self,
        transport: Transport,
        file: StateFile,
        state: SetState,
        on_progress: OnProgress | None,
        limit: int,
    ) -> None:
        self._transport = transport
        self._file = file
        self._state = state
        self._teller = Teller(on_progress)
        self._limit = limit
        self._saving = Lock()
        self._urls: dict[int, str] = {}

    def take(self, *, wait: bool, poll_seconds: float, package_seconds: float | None) -> Job:
        """The whole way, or up to execute only; the job as it stands then. Raises PackageLate."""
        job = self._start()
        if not wait:
            return job
        for job in job_states(
            self._transport,
            self._job_id,
            poll_seconds=poll_seconds,
            package_seconds=package_seconds,
        ):
            self._teller.tell_job(job)
        return job

    def _start(self) -> Job:
        job = self._created()
        if job["status"] == "created":
            self._upload(job)
            missing = self._confirm()
            if missing:
                # The storage said that it has them, and may say so again.
                self._state.uploaded = [i for i in self._state.uploaded if i not in missing]
                self._upload(job)
            job = self._job()
        if job["status"] == "uploaded":
            self._execute()
            job = self._job()
        return job

    def _execute(self) -> None:
        try:
            self._call("execute", self._state.order.encode(), self._state.execute_key)
        except (ValidationFailed, NotFound):
            # It will never be taken: nothing is left behind that holds credits and a slot.
            self._call("cancel", None, new_key())
            in_thread(self._file.forget)
            raise

    @property
    def _job_id(self) -> str:
        assert self._state.job_id is not None
        return self._state.job_id

    def _created(self) -> Job:
        if self._state.job_id is None:
            state = self._state
            in_thread(self._file.save)
            call = Call("POST", "/jobs", state.create.encode(), key=state.create_key)
            try:
                created = (self._transport.call(call)).data
            except REFUSALS:
                # There is no job, and whoever goes on with this file later would not expect one.
                in_thread(self._file.forget)
                raise
            state.job_id = created["job_id"]
            in_thread(self._file.save)
        job = self._job()
        self._teller.meet(job)
        if job["status"] not in FINISHED:
            self._teller.tell_all("waiting")
        return job

    def _job(self) -> Job:
        job: Job = (self._transport.call(Call("GET", f"/jobs/{self._job_id}"))).data
        return job

    def _call(self, action: str, body: bytes | None, key: str) -> Any:
        path = f"/jobs/{self._job_id}/{action}"
        return (self._transport.call(Call("POST", path, body, key=key))).data

    def _confirm(self) -> set[int]:
        said = self._call("confirm-upload", None, self._state.confirm_key)
        return set(said["missing"])

    def _upload(self, job: Job) -> None:
        photos = self._state.files
        self._take_urls(job.get("upload", []))
        crew = Crew(self._limit)

        def one(idx: int) -> None:
            self._upload_one(idx, photos[idx], crew)

        for idx in self._state.uploaded:
            self._teller.tell(idx, "uploaded")
        crew.each(one, [i for i in range(len(photos)) if i not in self._state.uploaded])

    def _upload_one(self, idx: int, photo: Photo, crew: Crew) -> None:
        def on_sent(sent: int, size: int) -> None:
            self._teller.tell(idx, "uploading", sent=sent, size=size)

        self._teller.tell(idx, "uploading", size=photo.size)
        try:
            self._transport.put_photo(self._urls[idx], photo, on_sent, crew)
        except TransferFailed as error:
            if error.status != REFUSED_URL:
                raise
            self._take_urls((self._job()).get("upload", []))
            self._transport.put_photo(self._urls[idx], photo, on_sent, crew)
        with self._saving:
            self._state.uploaded.append(idx)
            in_thread(self._file.save)
        self._teller.tell(idx, "uploaded", sent=photo.size, size=photo.size)

    def _take_urls(self, uploads: list[Upload]) -> None:
        self._urls.update((upload["idx"], upload["url"]) for upload in uploads)
