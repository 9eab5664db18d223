"""The demo's way through the API: both sets at once, each as a user of its own."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jobs.demo.sets import PhotoSet
from s3sets import AsyncS3Client, Progress
from s3sets.progress import PhotoState

SETTLED = frozenset({"downloaded", "failed", "canceled"})


@dataclass
class PhotoRun:
    """One photo on its way. `ready_after` counts the seconds since execute."""

    path: Path
    state: PhotoState = "waiting"
    ready_after: float | None = None
    note: str = ""
    result: Path | None = None

    @property
    def title(self) -> str:
        return self.path.stem.replace("_", " ")

    @property
    def is_settled(self) -> bool:
        return self.state in SETTLED


@dataclass
class SetRun:
    """One set on its way through one job."""

    photo_set: PhotoSet
    photos: list[PhotoRun] = field(default_factory=list)
    executed_at: float | None = None

    def tell(self, told: Progress) -> None:
        photo = self.photos[told.idx]
        if told.state == "working" and self.executed_at is None:
            self.executed_at = time.monotonic()
        if told.state == "done" and photo.ready_after is None and self.executed_at is not None:
            photo.ready_after = time.monotonic() - self.executed_at
        photo.state = told.state
        photo.note = told.note or photo.note


def run_sets(
    base_url: str,
    photo_sets: Sequence[PhotoSet],
    folder: Path,
    show: Callable[[SetRun], None],
    *,
    timeout: float,
) -> list[SetRun]:
    """Sends all sets, waits for them, and fetches their results into the folder.

    `show` is called whenever a photo has gone on. Raises TimeoutError after so many seconds, and
    S3SetsError.
    """
    runs = [SetRun(one, [PhotoRun(path) for path in one.paths]) for one in photo_sets]

    async def run_all() -> None:
        async with asyncio.timeout(timeout):
            await asyncio.gather(*(_run(base_url, run, folder, show) for run in runs))

    asyncio.run(run_all())
    return runs


async def _run(base_url: str, run: SetRun, folder: Path, show: Callable[[SetRun], None]) -> None:
    def on_progress(told: Progress) -> None:
        run.tell(told)
        show(run)

    wanted = run.photo_set
    async with AsyncS3Client(base_url, device=secrets.token_urlsafe(32), trust_env=False) as client:
        taken = await client.edit(
            wanted.paths,
            wanted.preset,
            wanted.concepts,
            protect=wanted.protect,
            on_progress=on_progress,
        )
        files = await taken.download(folder)
    there = [result.idx for result in taken.results if result.result_url is not None]
    for idx, file in zip(there, files, strict=True):
        run.photos[idx].result = file
        run.photos[idx].state = "downloaded"
        show(run)
