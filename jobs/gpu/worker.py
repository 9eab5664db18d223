"""The body of the GPU task: one chunk of a job.

The worker holds broker, storage and callback settings and no database.
"""

import os
import socket
import threading
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import cache
from typing import Any

from django.conf import settings

from jobs import keys
from jobs.backends import backend_of
from jobs.gpu.chunk_pipeline import ChunkPipeline
from jobs.gpu.engine import heap
from jobs.gpu.engine.errors import MessageError
from jobs.gpu.engine.messages import WorkMessage
from jobs.gpu.engine.packages.message import PackageMessage
from jobs.gpu.engine.packages.templates import TEMPLATES
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.engine.segmenters.registry import load_segmenter
from jobs.gpu.keyed_store import KeyedStore
from jobs.gpu.memory_budget import MemoryBudget
from jobs.gpu.package_store import PackageStore
from jobs.gpu.packer import Packer
from jobs.gpu.patience import Patience
from jobs.gpu.reporter import Reporter
from jobs.gpu.transfer import ObjectStore
from jobs.gpu.url_store import UrlStore
from jobs.message_signing import is_signed
from s3project import ids
from s3project.logs.context import note

_loading = threading.Lock()


def engine() -> Engine:
    """The engine of this process: models are loaded once, in the child that uses them."""
    with _loading:
        return _engine(settings.ENGINE_SEGMENTER, settings.MODEL_CACHE_DIR)


@cache
def _engine(segmenter: str, models: str) -> Engine:
    return Engine(load_segmenter(segmenter, models))


@cache
def budget() -> MemoryBudget:
    """The memory that the photos of this process share."""
    return MemoryBudget(settings.PHOTO_MEMORY_MIB * 2**20)


def trusted(body: Mapping[str, Any]) -> WorkMessage:
    """A message that the server signed, with as little of it as can be believed.

    Photos are read from below the user's own folder, results are stored under keys made here, and
    reports go to the address of this worker's settings, where it has one. Raises MessageError.
    """
    _check_signed(body)
    return _believed(WorkMessage.parse(body), "callback")


def trusted_package(body: Mapping[str, Any]) -> PackageMessage:
    """As `trusted`, of a package. Raises MessageError."""
    _check_signed(body)
    message = PackageMessage.parse(body)
    if message.template not in TEMPLATES:
        raise MessageError(f"there is no template {message.template!r}")
    path = f"packages/{message.template}/callback"
    return replace(message, work=_believed(message.work, path))


def _check_signed(body: Mapping[str, Any]) -> None:
    if not is_signed(body, settings.MESSAGE_KEYS):
        raise MessageError("the message is not signed by the server, or was altered")


def _believed(message: WorkMessage, path: str) -> WorkMessage:
    user_id = ids.parse_public_id(ids.USER, message.user_id)
    job_id = ids.parse_public_id(ids.JOB, message.job_id)
    if user_id is None or job_id is None:
        raise MessageError("the message names no user or no job")
    folder = keys.inputs_prefix(user_id)
    if not all(item.input_key.startswith(folder) for item in message.items):
        raise MessageError("a photo is not in the folder of the job's user")
    items = tuple(
        replace(
            item,
            output_key=keys.output_key(user_id, job_id, item.idx),
            preview_key=keys.preview_key(user_id, job_id, item.idx),
        )
        for item in message.items
    )
    url = message.callback_url
    if settings.WORKER_REPORTS_TO:
        url = f"{settings.WORKER_REPORTS_TO}/jobs/{message.job_id}/{path}"
    return replace(message, items=items, callback_url=url)


def process_items(body: Mapping[str, Any]) -> None:
    """Edits those items of a queue message that the server grants.

    Raises DeliveryFailed when a result could not be reported, so that the chunk is delivered
    again, and MessageError for a message that is none, or none of ours.
    """
    message = trusted(body)
    note(job=message.job_id, attempt=message.attempt)
    reporter = _reporter(message)
    concurrency = max(1, min(settings.BATCH_CONCURRENCY, message.batch_concurrency))
    with ExitStack() as connections:
        connections.enter_context(heap.in_use())
        connections.enter_context(closing(reporter))
        store: ObjectStore = KeyedStore()
        if not settings.STORAGE_ACCESS_KEY:
            store = connections.enter_context(
                closing(
                    UrlStore(
                        message,
                        reporter,
                        endpoint=settings.STORAGE_S3_ENDPOINT,
                        bucket=settings.STORAGE_BUCKET,
                    )
                )
            )
        ChunkPipeline(message, reporter, engine, concurrency, store, budget()).process()


def make_package(body: Mapping[str, Any]) -> None:
    """Makes the package of a queue message, if the server grants it.

    Raises DeliveryFailed when the server is away, so that it is delivered again, and MessageError
    for a message that is none, or none of ours.
    """
    message = trusted_package(body)
    reporter = _reporter(message.work)
    with ExitStack() as connections:
        connections.enter_context(heap.in_use())
        connections.enter_context(closing(reporter))
        store: ObjectStore = KeyedStore()
        if not settings.STORAGE_ACCESS_KEY:
            store = connections.enter_context(
                closing(
                    PackageStore(
                        message,
                        reporter,
                        endpoint=settings.STORAGE_S3_ENDPOINT,
                        bucket=settings.STORAGE_BUCKET,
                    )
                )
            )
        patience = Patience(settings.PACKAGE_PATIENCE_SEC)
        Packer(message, reporter, engine, store, budget(), patience).make()


def _reporter(message: WorkMessage) -> Reporter:
    return Reporter(
        secret=message.token or next(iter(settings.GPU_CALLBACK_SECRETS), ""),
        timeout=settings.CALLBACK_TIMEOUT_SEC,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        backend=backend_of(settings.ENGINE_SEGMENTER, settings.ENGINE_CONCEPTS),
    )
