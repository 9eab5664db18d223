"""Watching a job: by events, and by asking where those are not to be had."""

import math
import random
import time
from collections.abc import AsyncIterator

from s3sets._async.io import sleep
from s3sets._async.transport import AsyncTransport
from s3sets._calls import Call
from s3sets._events import EventReader, JobView, PackageDeadline, is_over
from s3sets.errors import ApiError, NotTheApi, Unreachable
from s3sets.shapes import Job

# A package of 200 photos takes minutes. One that nobody makes is not waited for all day.
PACKAGE_SECONDS = 900.0
# A stream that breaks so often without saying anything is given up for a while.
MOST_BROKEN = 3
UNTIL_TRIED_AGAIN = 60.0
PAUSE = 1.0
# Statuses of a server that has no events, and will not have them in a minute.
NO_EVENTS = frozenset({404, 405, 406, 501})


class Line:
    """What is known of the way to the events: whether there are any, and how often they broke."""

    def __init__(self) -> None:
        self._exists = True
        self._broken = 0
        self._pause = PAUSE

    @property
    def is_good(self) -> bool:
        return self._exists and self._broken < MOST_BROKEN

    @property
    def pause(self) -> float:
        # Not all at once after a restart.
        return random.uniform(0.5, 1.0) * self._pause * (1 + self._broken)

    @property
    def poll_until(self) -> float:
        """Until when it is asked instead (`time.monotonic`)."""
        return time.monotonic() + UNTIL_TRIED_AGAIN if self._exists else math.inf

    def try_again(self) -> None:
        self._broken = MOST_BROKEN - 1

    def ended(self, heard: EventReader) -> None:
        self._pause = heard.retry or PAUSE
        self._broken = 0 if heard.events else self._broken + 1

    def failed(self, error: Exception, heard: EventReader) -> None:
        self.ended(heard)
        if isinstance(error, ApiError):
            self._exists = error.status not in NO_EVENTS
            if error.status == 429:
                self._broken = MOST_BROKEN
        elif isinstance(error, NotTheApi):
            self._exists = False


async def job_states(
    transport: AsyncTransport, job_id: str, *, poll_seconds: float, package_seconds: float | None
) -> AsyncIterator[Job]:
    """The job, and again when it has changed, until nothing is to come. Raises ApiError,
    Unreachable, PackageLate.
    """
    view, line = JobView(deadline=PackageDeadline(package_seconds)), Line()
    while not view.ended:
        if line.is_good:
            heard = EventReader()
            try:
                async for job in _told(transport, job_id, view, heard):
                    yield job
                line.ended(heard)
            except (ApiError, NotTheApi, Unreachable) as error:
                line.failed(error, heard)
            if line.is_good and not view.ended:
                await sleep(line.pause)
        else:
            async for job in _polled(transport, job_id, view, poll_seconds, line.poll_until):
                yield job
            line.try_again()
    # URLs of what was told long ago have been signed long ago.
    final: Job = (await transport.call(Call("GET", f"/jobs/{job_id}"))).data
    if view.replace(final):
        yield final


async def _told(
    transport: AsyncTransport, job_id: str, view: JobView, heard: EventReader
) -> AsyncIterator[Job]:
    """One stream of events, until it ends or breaks."""
    call = Call("GET", f"/jobs/{job_id}/events")
    async with transport.lines(call, view.last_id) as lines:
        if lines is None:
            view.ended = True
            return
        async for text in lines:
            view.check_deadline()
            event = heard.take(text)
            if event is not None and view.take(event) and view.job is not None:
                yield view.job
            if view.ended:
                return


async def _polled(
    transport: AsyncTransport, job_id: str, view: JobView, seconds: float, until: float
) -> AsyncIterator[Job]:
    etag: str | None = None
    while time.monotonic() < until:
        answer = await transport.call(Call("GET", f"/jobs/{job_id}", etag=etag))
        etag = answer.etag or etag
        if answer.data is not None and view.replace(answer.data):
            yield answer.data
        if view.job is not None and is_over(view.job):
            view.ended = True
            return
        view.check_deadline()
        await sleep(seconds)
