"""Whether the workers run the backend that clients are told of."""

import logging
from functools import lru_cache

from jobs.backends import Backend
from jobs.lifecycle.orders import configured_backend

logger = logging.getLogger(__name__)

MOST_REMEMBERED = 1000


def note_backend(worker: str, running: Backend) -> None:
    """Warns, once per worker, when it runs another backend than the settings of this process say:
    clients are then warned of the wrong concepts.
    """
    configured = configured_backend()
    if running != configured:
        _warn(worker, running, configured)


@lru_cache(maxsize=MOST_REMEMBERED)
def _warn(worker: str, running: Backend, configured: Backend) -> None:
    logger.warning(
        "worker %r runs %s, and clients are told of %s: set ENGINE_SEGMENTER and ENGINE_CONCEPTS "
        "alike for web and GPU workers",
        worker,
        _described(running),
        _described(configured),
    )


def _described(backend: Backend) -> str:
    if backend.concepts is None:
        return f"{backend.name!r} (any concept)"
    return f"{backend.name!r} ({', '.join(sorted(backend.concepts)) or 'no concept'})"
