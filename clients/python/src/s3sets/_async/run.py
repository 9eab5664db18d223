"""One set on its way: create, upload, confirm, execute, and watch, from wherever it stands."""

from typing import Any

from s3sets._async.io import AsyncCrew, AsyncLock, in_thread
from s3sets._async.transport import AsyncTransport
from s3sets._async.watch import job_states
from s3sets._calls import Call, new_key
from s3sets._events import FINISHED
from s3sets._photos import Photo
from s3sets._state import SetState, StateFile
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


class AsyncRun:
    """Steps that may each be taken again. The state is saved before what it must not forget."""

    def __init__(
        self,
        transport: AsyncTransport,
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
        self._saving = AsyncLock()
        self._urls: dict[int, str] = {}

    async def take(self, *, wait: bool, poll_seconds: float, package_seconds: float | None) -> Job:
        """The whole way, or up to execute only; the job as it stands then. Raises PackageLate."""
        job = await self._start()
        if not wait:
            return job
        async for job in job_states(
            self._transport,
            self._job_id,
            poll_seconds=poll_seconds,
            package_seconds=package_seconds,
        ):
            self._teller.tell_job(job)
        return job

    async def _start(self) -> Job:
        job = await self._created()
        if job["status"] == "created":
            await self._upload(job)
            missing = await self._confirm()
            if missing:
                # The storage said that it has them, and may say so again.
                self._state.uploaded = [i for i in self._state.uploaded if i not in missing]
                await self._upload(job)
            job = await self._job()
        if job["status"] == "uploaded":
            await self._execute()
            job = await self._job()
        return job

    async def _execute(self) -> None:
        try:
            await self._call("execute", self._state.order.encode(), self._state.execute_key)
        except (ValidationFailed, NotFound):
            # It will never be taken: nothing is left behind that holds credits and a slot.
            await self._call("cancel", None, new_key())
            await in_thread(self._file.forget)
            raise

    @property
    def _job_id(self) -> str:
        assert self._state.job_id is not None
        return self._state.job_id

    async def _created(self) -> Job:
        if self._state.job_id is None:
            state = self._state
            await in_thread(self._file.save)
            call = Call("POST", "/jobs", state.create.encode(), key=state.create_key)
            try:
                created = (await self._transport.call(call)).data
            except REFUSALS:
                # There is no job, and whoever goes on with this file later would not expect one.
                await in_thread(self._file.forget)
                raise
            state.job_id = created["job_id"]
            await in_thread(self._file.save)
        job = await self._job()
        self._teller.meet(job)
        if job["status"] not in FINISHED:
            self._teller.tell_all("waiting")
        return job

    async def _job(self) -> Job:
        job: Job = (await self._transport.call(Call("GET", f"/jobs/{self._job_id}"))).data
        return job

    async def _call(self, action: str, body: bytes | None, key: str) -> Any:
        path = f"/jobs/{self._job_id}/{action}"
        return (await self._transport.call(Call("POST", path, body, key=key))).data

    async def _confirm(self) -> set[int]:
        said = await self._call("confirm-upload", None, self._state.confirm_key)
        return set(said["missing"])

    async def _upload(self, job: Job) -> None:
        photos = self._state.files
        self._take_urls(job.get("upload", []))
        crew = AsyncCrew(self._limit)

        async def one(idx: int) -> None:
            await self._upload_one(idx, photos[idx], crew)

        for idx in self._state.uploaded:
            self._teller.tell(idx, "uploaded")
        await crew.each(one, [i for i in range(len(photos)) if i not in self._state.uploaded])

    async def _upload_one(self, idx: int, photo: Photo, crew: AsyncCrew) -> None:
        def on_sent(sent: int, size: int) -> None:
            self._teller.tell(idx, "uploading", sent=sent, size=size)

        self._teller.tell(idx, "uploading", size=photo.size)
        try:
            await self._transport.put_photo(self._urls[idx], photo, on_sent, crew)
        except TransferFailed as error:
            if error.status != REFUSED_URL:
                raise
            self._take_urls((await self._job()).get("upload", []))
            await self._transport.put_photo(self._urls[idx], photo, on_sent, crew)
        async with self._saving:
            self._state.uploaded.append(idx)
            await in_thread(self._file.save)
        self._teller.tell(idx, "uploaded", sent=photo.size, size=photo.size)

    def _take_urls(self, uploads: list[Upload]) -> None:
        self._urls.update((upload["idx"], upload["url"]) for upload in uploads)
