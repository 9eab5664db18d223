"""What every Celery task of ours is: its lines carry its id, and the request that caused it."""

from typing import Any

from celery import Task
from django.conf import settings

from s3project.logs.context import MESSAGE_HEADER, NOBODY, begin_work, caused_by
from s3project.telemetry.traces import TRACEPARENT, Kind, span


class LoggedTask(Task):  # type: ignore[type-arg]  # it is generic in the stubs only
    """Celery's own line about the end of a task comes after it, and belongs to it too: the next
    task of the process ends what the lines are about."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        begin_work(self.request.id or NOBODY)
        caused_by(self.request.get(MESSAGE_HEADER))
        given = self.request.get(TRACEPARENT)
        # What the clock sends every few seconds is no trace of anything.
        if given is None and not settings.GPU_WORKER:
            return self.run(*args, **kwargs)
        with span(self.name, Kind.CONSUMER, parent={TRACEPARENT: given} if given else {}):
            return self.run(*args, **kwargs)
