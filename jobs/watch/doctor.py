"""What is wrong with this installation, as far as one process can tell: `manage.py doctor`.

Each examination asks one thing of one part and says what to do about it. All are asked at once and
told in their order; one that does not answer in time, or cannot be made, costs its own line only.
Nothing is changed but an object of a few bytes, which is put into the bucket and deleted again.
"""

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future

import redis
import requests
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.db import DatabaseError, connection

from jobs.storage.bucket import StorageUnavailable
from jobs.watch.examinations.broker import examine_broker, examine_events
from jobs.watch.examinations.configuration import examine_settings
from jobs.watch.examinations.container import is_of_the_machine, unseen
from jobs.watch.examinations.database import examine_database, examine_migrations
from jobs.watch.examinations.diagnosis import Diagnosis, Examination, State
from jobs.watch.examinations.host import examine_disk
from jobs.watch.examinations.lifecycle_rules import examine_lifecycle
from jobs.watch.examinations.storage import examine_storage
from jobs.watch.examinations.web import examine_callbacks, examine_proxy, examine_web
from jobs.watch.examinations.work import (
    examine_audit,
    examine_beat,
    examine_maintenance,
    examine_packages,
    examine_webhooks,
    examine_workers,
)

logger = logging.getLogger(__name__)

LIMIT = 20.0  # seconds for each, all together

AWAY = (
    DatabaseError, redis.RedisError, BotoCoreError, ClientError, StorageUnavailable,
    requests.RequestException, OSError,
)  # fmt: skip

EXAMINATIONS: dict[str, Examination] = {
    "settings": examine_settings,
    "database": examine_database,
    "migrations": examine_migrations,
    "broker": examine_broker,
    "storage": examine_storage,
    "lifecycle": examine_lifecycle,
    "web": examine_web,
    "proxy": examine_proxy,
    "events": examine_events,
    "workers": examine_workers,
    "packages": examine_packages,
    "beat": examine_beat,
    "maintenance": examine_maintenance,
    "webhooks": examine_webhooks,
    "audit": examine_audit,
    "disk": examine_disk,
}
# A GPU host has no database, and its role of the broker sends nothing.
OF_GPU_HOSTS: dict[str, Examination] = {
    "settings": examine_settings,
    "web": examine_callbacks,
    "disk": examine_disk,
}
# Which setting says where a part is.
PLACES = {
    **dict.fromkeys(EXAMINATIONS, "DATABASE_URL"),
    "broker": "CELERY_BROKER_URL",
    "events": "CELERY_BROKER_URL",
    "storage": "STORAGE_S3_ENDPOINT, STORAGE_PUBLIC_ENDPOINT",
    "lifecycle": "STORAGE_S3_ENDPOINT",
    "web": "PUBLIC_BASE_URL, CALLBACK_BASE_URL",
    "proxy": "PUBLIC_BASE_URL",
}

# Those of them that clients are told.
PUBLIC = {
    "storage": "STORAGE_PUBLIC_ENDPOINT",
    "web": "PUBLIC_BASE_URL",
    "proxy": "PUBLIC_BASE_URL",
}


def examine() -> Iterator[Diagnosis]:
    """What there is to say here, in the order of the parts; within LIMIT."""
    examinations = OF_GPU_HOSTS if settings.GPU_WORKER else EXAMINATIONS
    asked_at = time.monotonic()
    asked = {part: _ask(part, one) for part, one in examinations.items()}
    for part, answer in asked.items():
        try:
            yield from answer.result(timeout=max(asked_at + LIMIT - time.monotonic(), 0))
        except TimeoutError:
            hint = f"{PLACES[part]} says where it is; is it overloaded?"
            yield Diagnosis(part, State.ERROR, f"no answer within {LIMIT:.0f} s", hint)


def _ask(part: str, examination: Examination) -> Future[list[Diagnosis]]:
    answer: Future[list[Diagnosis]] = Future()

    def ask() -> None:
        try:
            answer.set_result(list(guarded(part, examination)))
        finally:
            # The thread has its own.
            connection.close()

    # The end of the process waits for none.
    threading.Thread(target=ask, name=f"doctor-{part}", daemon=True).start()
    return answer


def guarded(part: str, examination: Examination) -> Iterator[Diagnosis]:
    """The examination, of which what it raises is a line too. Of an error its kind is told only:
    its text may have an address with a password in it."""
    try:
        yield from examination()
    except AWAY as error:
        address = _asked(error)
        if address is not None and part in PUBLIC and is_of_the_machine(address):
            yield from unseen(part, PUBLIC[part], address)
            return
        hint = f"{PLACES[part]} says where it is; is it running, and reachable from here?"
        yield Diagnosis(part, State.ERROR, f"no answer ({type(error).__name__})", hint)
    except Exception as error:  # a fault in one examination must not hide what the others found
        hint = "a setting that cannot be read, or a fault of ours: LOG_LEVEL=debug tells more"
        logger.debug("%s could not be examined", part, exc_info=True)
        yield Diagnosis(part, State.ERROR, f"could not be examined ({type(error).__name__})", hint)


def _asked(error: Exception) -> str | None:
    """The address of what was not reached over HTTP, where clients are told it."""
    if not isinstance(error, requests.ConnectionError) or error.request is None:
        return None
    return error.request.url
