"""What a GPU worker counts, over all its processes, and the port where it tells.

The children of a worker each write into a file of their own, which outlives them; the parent adds
them up when it is asked. The folder of these files is made in `s3project/celery.py`.
"""

import logging
import os
from typing import Any

from celery.signals import worker_ready
from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from s3project.celery import METRICS_FOLDER

logger = logging.getLogger(__name__)

STAGE = Histogram(
    "s3_stage_seconds",
    "What a stage of a photo takes.",
    ["stage"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
PHOTOS = Counter("s3_photos", "Photos by what became of them.", ["outcome"])
REPEATED = Counter("s3_deliveries_repeated", "Callbacks and claims that were tried again.")


def serve(**_: Any) -> None:
    """In the parent, once its children are there."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, os.environ[METRICS_FOLDER])  # type: ignore[no-untyped-call]  # typed in part
    start_http_server(settings.METRICS_PORT, addr=settings.METRICS_HOST, registry=registry)
    logger.info("metrics on http://%s:%d", settings.METRICS_HOST, settings.METRICS_PORT)


if METRICS_FOLDER in os.environ:
    worker_ready.connect(serve, weak=False)
