"""Both ways to write a line: one line whatever is in it, and what it is about."""

import json
import logging
import sys
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from s3project.logs.context import about, begin_work, caused_by, note, said, work
from s3project.logs.formats import JsonFormatter, LineFormatter

SECRET = "f1c09e7a3d4826f0e1a9d27c6b83548b2e07d91c6fa3e50d"
REQUEST, ORIGIN = str(uuid4()), str(uuid4())


@pytest.fixture(autouse=True)
def _nothing_before(settings: Settings) -> None:
    settings.MESSAGE_KEYS = [SECRET]
    settings.CELERY_BROKER_URL = "redis://web:brokers-password@127.0.0.1:1/0"
    begin_work("-")


def record(message: str, *args: Any, **more: Any) -> logging.LogRecord:
    found = logging.LogRecord("jobs.gpu.x", logging.INFO, __file__, 1, message, args, None)
    found.__dict__.update(more)
    return found


def as_json(entry: logging.LogRecord) -> dict[str, Any]:
    text = JsonFormatter().format(entry)
    assert "\n" not in text
    assert text.isascii()
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_line_says_what_it_is_about_and_whose_request_it_belongs_to() -> None:
    with work(REQUEST), about(job="job_1"):
        caused_by(ORIGIN)
        note(photo=3)
        line = as_json(record("photo %s", "done", **said(edit=0.25)))

    moment = datetime.fromisoformat(line.pop("timestamp"))
    assert moment.utcoffset() is not None
    assert line == {
        "level": "info",
        "logger": "jobs.gpu.x",
        "message": "photo done",
        "request_id": REQUEST,
        "origin": ORIGIN,
        "job": "job_1",
        "photo": 3,
        "edit": 0.25,
    }


def test_the_line_of_a_terminal_says_the_same() -> None:
    with work(REQUEST), about(job="job_1"):
        caused_by(ORIGIN)
        text = LineFormatter().format(record("photo done", **said(edit=0.25)))

    head, _, rest = text.partition(" INFO ")
    assert datetime.fromisoformat(head)
    assert rest == f"jobs.gpu.x [{REQUEST}] photo done  job=job_1 origin={ORIGIN} edit=0.25"


def test_a_request_that_nothing_came_before_is_its_own_origin_and_says_so_once() -> None:
    with work(REQUEST):
        line = as_json(record("hello"))

    assert line["request_id"] == REQUEST
    assert "origin" not in line


def test_when_work_ends_nothing_of_it_is_said_any_more() -> None:
    with work(REQUEST):
        caused_by(ORIGIN)
        note(job="job_1")
    line = as_json(record("hello"))

    assert line["request_id"] == "-"
    assert not {"job", "origin"} & set(line)


@pytest.mark.parametrize(
    "name",
    ["", "job_1", f"{ORIGIN}\n", ORIGIN.upper(), f" {ORIGIN}", None, 7],
    ids=[
        "nothing",
        "a job",
        "a line after it",
        "capitals",
        "a space before it",
        "null",
        "a number",
    ],
)
def test_an_origin_is_the_text_of_a_uuid_or_nothing(name: object) -> None:
    with work(REQUEST):
        caused_by(name)
        assert "origin" not in as_json(record("hello"))


def test_what_a_library_adds_to_its_records_is_not_told() -> None:
    """Django adds the request, whose text has the query."""
    line = as_json(record("Not Found: /me", request="<WSGIRequest: GET '/me?token=abc'>"))

    assert "token" not in str(line)


@pytest.mark.parametrize("formatter", [JsonFormatter, LineFormatter])
def test_a_line_stays_one_line(formatter: type[logging.Formatter]) -> None:
    text = "mine\nforged 2026-11-26 INFO all is well\x1b[2J\u2028\x9b1m"
    with about(job="job_\n1"):
        line = formatter().format(record("%s", text))

    assert line.isprintable()
    assert "all is well" in line


@pytest.mark.parametrize("formatter", [JsonFormatter, LineFormatter])
def test_no_secret_of_this_process_and_nothing_like_one_is_written(
    formatter: type[logging.Formatter],
) -> None:
    try:
        raise ConnectionError(f"redis://web:brokers-password@127.0.0.1 said no to {SECRET}")
    except ConnectionError:
        caught = sys.exc_info()
    with about(key=SECRET):
        line = formatter().format(record("it was %s", SECRET, exc_info=caught))

    assert "Traceback" in line
    assert "ConnectionError" in line
    assert SECRET not in line
    assert "brokers-password" not in line


def test_of_a_task_that_another_process_runs_celerys_line_carries_the_id() -> None:
    entry = record("Task %(name)s[%(id)s] received", {"name": "jobs.run_audit", "id": ORIGIN})
    entry.name = "celery.worker.strategy"

    assert as_json(entry)["request_id"] == ORIGIN
