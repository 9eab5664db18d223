"""The port where a worker tells what its processes count."""

import logging
from typing import Any

from celery.signals import worker_ready
from django.conf import settings
from prometheus_client import start_http_server

from s3project.metrics.counted import registry

logger = logging.getLogger(__name__)


def serve(**_: Any) -> None:
    """In the parent, once its children are there."""
    try:
        start_http_server(settings.METRICS_PORT, addr=settings.METRICS_HOST, registry=registry())
    except OSError as error:
        # Work matters more than its figures.
        logger.error(
            "no metrics: port %d of %s: %s", settings.METRICS_PORT, settings.METRICS_HOST, error
        )
        return
    logger.info("metrics on http://%s:%d", settings.METRICS_HOST, settings.METRICS_PORT)


def announce() -> None:
    """A Celery worker serves them when it is ready."""
    worker_ready.connect(serve, weak=False)
