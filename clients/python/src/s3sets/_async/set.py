"""A set of photos that was sent: what became of it, and what to do with it next."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3sets._async.io import AsyncCrew, AsyncLock, in_thread
from s3sets._async.transport import AsyncTransport
from s3sets._async.watch import PACKAGE_SECONDS
from s3sets._calls import Call
from s3sets._state import StateFile
from s3sets._teller import Teller, name_of, note_of
from s3sets.errors import TransferFailed
from s3sets.progress import OnProgress
from s3sets.shapes import CanceledJob, Credits, Edit, Job, Package

if TYPE_CHECKING:
    from s3sets._async.client import AsyncS3Client

CONCURRENT = 4
# The URL has ended: the job says new ones.
REFUSED_URL = 403


@dataclass(frozen=True, slots=True)
class Result:
    """One photo of a set. `result_url` and `preview_url` are None where there is no result."""

    idx: int
    name: str
    status: str
    note: str
    result_url: str | None
    preview_url: str | None


@dataclass(frozen=True, slots=True)
class Download:
    """A file to fetch, and under which name it is remembered."""

    idx: int
    mark: str
    url: str
    otherwise: str


class AsyncSet:
    """`job` is what the API said last; `refresh` asks anew."""

    def __init__(
        self,
        client: "AsyncS3Client",
        transport: AsyncTransport,
        job: Job,
        file: StateFile | None = None,
    ) -> None:
        self.job = job
        self._client = client
        self._transport = transport
        self._file = file or StateFile(None)

    def __repr__(self) -> str:
        progress = self.job["progress"]
        counts = f"{progress['done']}/{progress['total']}"
        return f"<{type(self).__name__} {self.job_id} {self.status} {counts}>"

    @property
    def job_id(self) -> str:
        return self.job["job_id"]

    @property
    def status(self) -> str:
        """`done` when at least one photo is; `failed`, `canceled`, or on the way."""
        return self.job["status"]

    @property
    def is_complete(self) -> bool:
        """Whether every photo is done."""
        return self.job["progress"]["done"] == self.job["progress"]["total"]

    @property
    def credits(self) -> Credits:
        """`reserved`, `refunded` and `charged`."""
        return self.job["credits"]

    @property
    def packages(self) -> list[Package]:
        """What is made of the results, as far as it was asked for."""
        return self.job.get("packages", [])

    @property
    def results(self) -> list[Result]:
        """Every photo in the order in which they were given."""
        outputs = {output["idx"]: output for output in self.job["outputs_ready"]}
        return [
            Result(
                item["idx"],
                name_of(item),
                item["status"],
                note_of(item),
                outputs[item["idx"]]["result_url"] if item["idx"] in outputs else None,
                outputs[item["idx"]]["preview_url"] if item["idx"] in outputs else None,
            )
            for item in self.job["items"]
        ]

    async def refresh(self) -> Job:
        """Asks for the job anew."""
        self.job = await self._client.get_job(self.job_id)
        return self.job

    async def wait(
        self,
        *,
        on_progress: OnProgress | None = None,
        poll_seconds: float = 3.0,
        package_seconds: float | None = PACKAGE_SECONDS,
    ) -> "AsyncSet":
        """Returns when the job is finished and its packages are made. Raises PackageLate."""
        teller = self._teller(on_progress)
        async for job in self._client.watch_job(
            self.job_id, poll_seconds=poll_seconds, package_seconds=package_seconds
        ):
            self.job = job
            teller.tell_job(job)
        return self

    async def cancel(self) -> CanceledJob:
        """Ends it, and refunds what is not finished. Raises WrongState."""
        said = await self._client.cancel_job(self.job_id)
        await self.refresh()
        return said

    async def retry(self, *, on_progress: OnProgress | None = None) -> "AsyncSet":
        """The photos that failed once more, with the same order, as a new job."""
        return await self._client.look(self.job_id, only_failed=True, on_progress=on_progress)

    async def look(self, concepts: Mapping[str, Edit | str], **options: Any) -> "AsyncSet":
        """The same photos with another order, as a new job: nothing is uploaded, and nothing is
        looked for in them again. `options` as in `look` of the client.
        """
        return await self._client.look(self.job_id, concepts, **options)

    async def download(
        self,
        folder: str | PathLike[str],
        *,
        previews: bool = False,
        packages: bool = True,
        on_progress: OnProgress | None = None,
    ) -> list[Path]:
        """Fetches all results into the folder, and what is made of them; the files in their order.

        Each has the name that the server gives it (`kitchen-0.png`), is complete or not there, and
        replaces no other file: where one of that name has other bytes, it is `kitchen-0 (2).png`.
        What a state file says was fetched, and is there, is not fetched again. Raises
        TransferFailed, StateUnusable.
        """
        place = Path(folder)
        await in_thread(lambda: place.mkdir(parents=True, exist_ok=True))
        await self.refresh()
        wanted = self._downloads(previews=previews, packages=packages)
        files: dict[str, Path] = {}
        teller, crew, saving = self._teller(on_progress), AsyncCrew(CONCURRENT), AsyncLock()

        async def one(download: Download) -> None:
            known = self._file.downloaded(download.mark)
            if known is None:
                known = await self._fetch(download, place, teller, crew)
                async with saving:
                    await in_thread(self._file.note_download, download.mark, known)
            files[download.mark] = known
            if download.mark.isdigit():
                size = known.stat().st_size
                teller.tell(download.idx, "downloaded", sent=size, size=size)

        with self._file:
            await crew.each(one, wanted)
        return [files[download.mark] for download in wanted]

    def forget(self) -> None:
        """Removes the state file, if there is one: `edit` with the same begins a new set."""
        self._file.forget()

    async def _fetch(
        self, download: Download, folder: Path, teller: Teller, crew: AsyncCrew
    ) -> Path:
        def on_received(received: int, size: int) -> None:
            if download.mark.isdigit():
                teller.tell(download.idx, "downloading", sent=received, size=size)

        async def fetch(url: str) -> Path:
            return await self._transport.get_file(
                url, folder, download.otherwise, on_received, crew
            )

        try:
            return await fetch(download.url)
        except TransferFailed as error:
            if error.status != REFUSED_URL:
                raise
            job: Job = (await self._transport.call(Call("GET", f"/jobs/{self.job_id}"))).data
            self.job = job
            again = {one.mark: one for one in self._downloads(previews=True, packages=True)}
            return await fetch(again[download.mark].url)

    def _downloads(self, *, previews: bool, packages: bool) -> list[Download]:
        wanted = []
        for result in self.results:
            if result.result_url is not None:
                mark, otherwise = str(result.idx), f"{self.job_id}-{result.idx}.png"
                wanted.append(Download(result.idx, mark, result.result_url, otherwise))
            if previews and result.preview_url is not None:
                mark, otherwise = f"preview {result.idx}", f"{self.job_id}-{result.idx}_preview.jpg"
                wanted.append(Download(result.idx, mark, result.preview_url, otherwise))
        for package in self.packages if packages else ():
            name = package["alias"] or "package"
            for kind, url, ending in (
                ("zip", package["url"], "zip"),
                ("board", package["board_url"], "jpg"),
            ):
                if url is not None:
                    mark, otherwise = (
                        f"{kind} {package['template']}",
                        f"{self.job_id}-{name}.{ending}",
                    )
                    wanted.append(Download(0, mark, url, otherwise))
        return wanted

    def _teller(self, on_progress: OnProgress | None) -> Teller:
        teller = Teller(on_progress)
        teller.meet(self.job)
        return teller
