"""The broker: queues, the names of tasks, and handing a message over."""

import logging

from kombu.exceptions import OperationalError

from s3project.celery import app

logger = logging.getLogger(__name__)

GPU_QUEUE = "gpu"
MAINTENANCE_QUEUE = "maintenance"
PROCESS_ITEMS = "jobs.process_items"
DELETE_OUTPUTS = "jobs.delete_outputs"
DELETE_JOB_OBJECTS = "jobs.delete_job_objects"
DISCARD_LARGE_UPLOADS = "jobs.discard_large_uploads"
SEND_WEBHOOKS = "jobs.send_webhooks"


def publish(task: str, args: list[object], *, queue: str, level: int = 0) -> bool:
    """Whether the broker took the message. One try: the sweep is the retry.

    Of a queue's messages those of the lowest `level` (0-9) are delivered first.
    """
    try:
        # Without a repr of its own Celery writes the arguments out once more, for its logs.
        app.send_task(task, args=args, queue=queue, priority=level, retry=False, argsrepr="…")
    except OperationalError:
        logger.warning("broker unavailable, %s will be sent later", task)
        return False
    return True
