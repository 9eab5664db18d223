"""The body of the GPU task: one chunk of a job.

The worker holds broker, storage and callback settings and no database.
"""

import os
import socket
import threading
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from typing import Any

from django.conf import settings

from jobs.backends import backend_of
from jobs.gpu.chunk_pipeline import ChunkPipeline
from jobs.gpu.engine.messages import WorkMessage
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.engine.segmenters.registry import load_segmenter
from jobs.gpu.reporter import Reporter

_loading = threading.Lock()


def engine() -> Engine:
    """The engine of this process: models are loaded once, in the child that uses them."""
    with _loading:
        return _engine(settings.ENGINE_SEGMENTER, settings.MODEL_CACHE_DIR)


@cache
def _engine(segmenter: str, models: str) -> Engine:
    return Engine(load_segmenter(segmenter, models))


def process_items(body: Mapping[str, Any]) -> None:
    """Edits those items of a queue message that the server grants.

    Raises DeliveryFailed when a result could not be reported, so that the chunk is delivered
    again, and MessageError for a message that is none.
    """
    message = WorkMessage.parse(body)
    reporter = Reporter(
        secret=next(iter(settings.GPU_CALLBACK_SECRETS), ""),
        timeout=settings.CALLBACK_TIMEOUT_SEC,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        backend=backend_of(settings.ENGINE_SEGMENTER, settings.ENGINE_CONCEPTS),
    )
    concurrency = max(1, min(settings.BATCH_CONCURRENCY, message.batch_concurrency))
    with closing(reporter):
        ChunkPipeline(message, reporter, engine, concurrency).process()
