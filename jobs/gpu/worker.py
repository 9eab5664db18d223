"""The body of the GPU task: one chunk of a job, photo by photo.

Claim → fetch → edit → store → report. Each photo stands alone: what goes wrong with one is
reported for that one. The worker holds broker, storage and callback settings and no database.
"""

import logging
import os
import socket
import time
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from typing import Any

from django.conf import settings

from jobs.gpu import transfer
from jobs.gpu.engine.errors import ModelError, PhotoError, ProtectionError
from jobs.gpu.engine.messages import WorkItem, WorkMessage
from jobs.gpu.engine.pipeline import EditedPhoto, Engine
from jobs.gpu.engine.segmenters.registry import load_segmenter
from jobs.gpu.reporter import Claim, Reporter

logger = logging.getLogger(__name__)

STORAGE_AWAY = "the photo could not be read or stored"
MODEL_CANNOT_RUN = "the model could not run"
UNEXPECTED = "the photo could not be processed"


@cache
def engine() -> Engine:
    """The engine of this process: models are loaded once, in the child that uses them."""
    return Engine(load_segmenter(settings.ENGINE_SEGMENTER))


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
    )
    with closing(reporter):
        _process(message, reporter)


def _process(message: WorkMessage, reporter: Reporter) -> None:
    remaining = [item.idx for item in message.items]
    claim, claimed_at = reporter.claim(message, remaining), time.monotonic()
    for item in message.items:
        if _half_over(claim, claimed_at):
            claim, claimed_at = reporter.claim(message, remaining), time.monotonic()
        remaining.remove(item.idx)
        if item.idx not in claim.granted:
            logger.info("%s #%d is not ours (%s)", message.job_id, item.idx, claim.job_status)
            continue
        _process_item(message, item, reporter)


def _half_over(claim: Claim, claimed_at: float) -> bool:
    """Whether the lease is due to be renewed, before the next item starts."""
    return time.monotonic() - claimed_at > claim.lease_seconds / 2


def _process_item(message: WorkMessage, item: WorkItem, reporter: Reporter) -> None:
    try:
        result = _edit(message, item)
    except PhotoError as error:
        logger.info("%s #%d failed: %s", message.job_id, item.idx, error.reason)
        reporter.failed(message, item.idx, error.reason)
    except transfer.TransferFailed:
        logger.exception("%s #%d failed", message.job_id, item.idx)
        reporter.failed(message, item.idx, STORAGE_AWAY)
    except (ModelError, ProtectionError):
        logger.exception("%s #%d failed", message.job_id, item.idx)
        reporter.failed(message, item.idx, MODEL_CANNOT_RUN)
    except Exception:
        # The one broad catch: an unforeseen fault of the engine must not take down the
        # neighbours of this photo. The log has it in full, the client a fixed text.
        logger.exception("%s #%d failed", message.job_id, item.idx)
        reporter.failed(message, item.idx, UNEXPECTED)
    else:
        # Outside the try: a callback that fails never turns a finished item into a failed one.
        reporter.done(message, item.idx, result.warnings)


def _edit(message: WorkMessage, item: WorkItem) -> EditedPhoto:
    started = time.monotonic()
    data = transfer.fetch_photo(item.input_key)
    result = engine().edit(data, message.concepts, message.protect)
    transfer.store_result(item.output_key, result.png, "image/png")
    transfer.store_result(item.preview_key, result.preview, "image/jpeg")
    logger.info(
        "%s #%d done in %.2f s: %dx%d %s",
        message.job_id,
        item.idx,
        time.monotonic() - started,
        result.width,
        result.height,
        " ".join(f"{stage}={seconds:.2f}" for stage, seconds in result.timings.items()),
    )
    return result
