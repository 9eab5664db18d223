"""The task of a GPU worker, and all that the broker may ask of one."""

from typing import Any

from celery import shared_task
from django.conf import settings

from jobs.delivery.publish import MAKE_PACKAGE, PROCESS_ITEMS
from jobs.gpu import worker
from jobs.gpu.reporter import DeliveryFailed


@shared_task(
    name=PROCESS_ITEMS,
    # Twice again, whether the process died or the server could not be told; never for ever. What
    # was claimed by then stays its lease long with who claimed it: after that the sweep sends it.
    max_retries=2,
    default_retry_delay=15,
    autoretry_for=(DeliveryFailed,),
)
def process_items(message: dict[str, Any]) -> None:
    """One chunk of a job, on a GPU host without a database."""
    worker.process_items(message)


@shared_task(
    name=MAKE_PACKAGE,
    max_retries=2,
    default_retry_delay=15,
    autoretry_for=(DeliveryFailed,),
    time_limit=settings.PACKAGE_TIME_LIMIT_SEC,
)
def make_package(message: dict[str, Any]) -> None:
    """A package of a done job, as `process_items`."""
    worker.make_package(message)
