"""How a line is written: JSON for machines that gather logs, one line of text for a terminal.

The loggers are those of `logging`, for our code, Django's and Celery's alike; structlog makes the
JSON. What a library adds to its records is left out: Django adds the request, query included.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from django.conf import settings
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict

from s3project.logs.context import NOBODY, noted, origin, request_id
from s3project.logs.redaction import Redaction, passwords_of
from s3project.telemetry.traces import trace_id
from s3project.wording import one_line

LINE = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"


def known_secrets() -> Iterator[str]:
    """Those of this process: values that no line may have."""
    yield settings.SECRET_KEY
    yield settings.STORAGE_SECRET_KEY
    for name in (
        *("JWT_SECRETS", "GPU_CALLBACK_SECRETS", "MESSAGE_KEYS", "WORKER_TOKEN_KEYS"),
        "METRICS_TOKENS",
    ):
        yield from getattr(settings, name)
    yield settings.DATABASES["default"].get("PASSWORD", "")
    yield from passwords_of(
        [
            *(settings.MIGRATION_DATABASE_URL, settings.EVENTS_DATABASE_URL),
            *(settings.CELERY_BROKER_URL, settings.RATE_LIMIT_URL),
        ]
    )


def _work_of(record: logging.LogRecord) -> str:
    """Celery's main process speaks of a task that another one runs."""
    if record.name.startswith("celery.") and isinstance(record.args, Mapping):
        return str(record.args.get("id") or request_id.get())
    return request_id.get()


def _facts_of(record: logging.LogRecord) -> dict[str, Any]:
    known = origin()
    caused = {} if known in (NOBODY, request_id.get()) else {"origin": known}
    trace = trace_id()
    traced = {"trace_id": trace} if trace else {}
    return {**caused, **traced, **getattr(record, "facts", {})}


def _add_what_it_is_about(_: object, __: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event["_record"]
    event["request_id"] = vars(record)["request_id"]
    for name, fact in noted().items():
        event.setdefault(name, fact)
    event.update(_facts_of(record))
    return event


def _in_order(_: object, __: str, event: EventDict) -> EventDict:
    """What is read first comes first."""
    head = {name: event.pop(name) for name in ("timestamp", "level", "logger", "request_id")}
    return {**head, "message": event.pop("event"), **event}


class JsonFormatter(ProcessorFormatter):
    """One object a line: `timestamp`, `level`, `logger`, `request_id`, `message`, then what it is
    about; `exception` is a traceback."""

    def __init__(self) -> None:
        super().__init__(
            processors=[
                ProcessorFormatter.remove_processors_meta,
                _in_order,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                _add_what_it_is_about,
                structlog.processors.format_exc_info,
            ],
        )
        self._redacted = Redaction(known_secrets())

    def format(self, record: logging.LogRecord) -> str:
        # Before structlog has used up the arguments.
        record.request_id = _work_of(record)
        return self._redacted(super().format(record))


class LineFormatter(logging.Formatter):
    """A message is one line, whatever a client or a worker has written into it: nobody else's
    line can be forged. Tracebacks, which are ours, keep theirs."""

    def __init__(self) -> None:
        super().__init__(LINE)
        self._redacted = Redaction(known_secrets())

    def format(self, record: logging.LogRecord) -> str:
        record.request_id = _work_of(record)
        return self._redacted(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        facts = {**noted(), **_facts_of(record)}
        said = " ".join(f"{name}={value}" for name, value in facts.items())
        text = super().formatMessage(record)
        return one_line(f"{text}  {said}" if said else text)
