"""Which workers there are, and whether they run the backend that clients are told of."""

import logging
import time
from functools import lru_cache

from jobs.backends import Backend
from jobs.lifecycle.orders import configured_backend
from jobs.models import WorkerHost

logger = logging.getLogger(__name__)

MOST_REMEMBERED = 1000
# A host is written down this often by each process, however much it claims.
NOTED_EVERY = 60.0  # seconds

_noted: dict[str, float] = {}  # host → when, by the monotonic clock


def note_worker(worker: str, running: Backend) -> None:
    """Remembers the host of `worker` (`host:pid`), and warns, once per worker, when it runs another
    backend than the settings of this process say: clients are then warned of the wrong concepts.
    """
    configured = configured_backend()
    if running != configured:
        _warn(worker, running, configured)
    host, now = worker.rpartition(":")[0] or worker, time.monotonic()
    if now - _noted.get(host, float("-inf")) < NOTED_EVERY:
        return
    if len(_noted) >= MOST_REMEMBERED:
        _noted.clear()
    _noted[host] = now
    WorkerHost.objects.note(host, running)


@lru_cache(maxsize=MOST_REMEMBERED)
def _warn(worker: str, running: Backend, configured: Backend) -> None:
    logger.warning(
        "worker %r runs %s, and clients are told of %s: set ENGINE_SEGMENTER and ENGINE_CONCEPTS "
        "alike for web and GPU workers",
        worker,
        described(running),
        described(configured),
    )


def described(backend: Backend) -> str:
    if backend.concepts is None:
        return f"{backend.name!r} (any concept)"
    return f"{backend.name!r} ({', '.join(sorted(backend.concepts)) or 'no concept'})"
