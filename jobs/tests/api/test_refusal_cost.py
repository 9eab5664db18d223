"""Refusing a body is cheap and its answer is short, however large and strange the body is."""

import json
import random
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import pytest

from jobs.states import JobStatus
from jobs.tests.factories import make_job, worker_api
from s3project.errors import MAX_ERRORS
from s3project.testing.api import Answer, Api
from s3project.tests.test_openapi import DOCUMENTS
from users.tests.factories import api_of

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

LARGEST = 1024 * 1024
ROOM = LARGEST - 2_000  # for the values that fill a body
LONGEST_ANSWER = 10_000
# Seconds of CPU, whatever else the machine does: most of it goes into reading 1 MiB of JSON.
MOST_CPU = 0.05

RULE = {
    "name": "r",
    "preset_id": "interior",
    "concepts": {"Wall": {"action": "recolor", "value": "sage"}},
}
HOSTILE: dict[str, Any] = {
    "empty names": [""] * (ROOM // 3),
    "numbers": [1] * (ROOM // 2),
    "nulls": [None] * (ROOM // 5),
    "objects": [{}] * (ROOM // 3),
    "arrays": [[]] * (ROOM // 3),
    "keys": {f"{n:06}": 0 for n in range(ROOM // 11)},
    "large keys": {f"{n}" + "k" * 10_000: "" for n in range(100)},
    "keys that look like ours": {f"valu{n}": 0 for n in range(9_000)},
    "a text": "x" * ROOM,
    "NULs": "\0" * (ROOM // 6),
    "surrogates": "\ud800" * (ROOM // 6),
    "quotes": '"' * (ROOM // 2),
    "brackets": "[{:" * (ROOM // 3),
    "spaces": " " * ROOM,
    "long texts": ["y" * 5_000] * 200,
    "digits": [10**4000] * 250,
}
# What is refused before it is JSON.
NO_JSON = {
    "an open string": b'{"a": "' + b'\\"' * (ROOM // 2),
    "open arrays": b"[" * ROOM,
    "open objects": b'{"":' * (ROOM // 4),
    "no UTF-8": b'"' + b"\xff" * ROOM,
    "lines": b"{" + b"\n" * ROOM + b"x",
    "one key": b"{" + b'"":0,' * (ROOM // 5) + b'"":0}',
}


@cache
def hostile() -> dict[str, bytes]:
    return {
        name: json.dumps(value, separators=(",", ":")).encode() for name, value in HOSTILE.items()
    }


def endpoints() -> list[tuple[str, str, list[str]]]:
    """(method, path, fields) of whatever takes a body, of customers and of workers."""
    return [
        (
            method.upper(),
            path,
            _fields(operation["requestBody"]["content"]["application/json"], document),
        )
        for document in DOCUMENTS
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "requestBody" in operation
    ]


def _fields(content: dict[str, Any], document: dict[str, Any]) -> list[str]:
    schema = content["schema"]
    while "properties" not in schema:
        schema = schema.get("anyOf", [schema])[0]
        schema = document["components"]["schemas"][schema["$ref"].split("/")[-1]]
    return list(schema["properties"])


def cost_of(send: Callable[[], Answer]) -> tuple[float, Answer]:
    """CPU seconds of this thread, the least of some tries."""
    least, answer = float("inf"), None
    for _ in range(4):
        started = time.thread_time()
        answer = send()
        least = min(least, time.thread_time() - started)
        if least < MOST_CPU:
            break
    assert answer is not None
    return least, answer


def caller(path: str) -> tuple[Api, str]:
    """Somebody who may ask there, and where."""
    job = make_job(JobStatus.UPLOADED)
    rule = api_of(job.user).post("/rules", RULE).data["id"]
    api = worker_api() if path.endswith(("/callback", "/claim")) else api_of(job.user)
    return api, path.replace("{job_id}", job.public_id).replace("{rule_id}", rule)


def assert_cheap(name: str, raw: bytes, send: Callable[[bytes], Answer]) -> None:
    assert len(raw) <= LARGEST, name
    seconds, answer = cost_of(lambda: send(raw))
    assert answer.status < 500, name
    assert seconds < MOST_CPU, f"{name}: {seconds * 1000:.0f} ms"
    assert len(answer.raw) < LONGEST_ANSWER, name
    if answer.status == 400:
        messages = sum(len(each) for each in answer.error["details"].values())
        assert messages <= MAX_ERRORS + 1, name


@pytest.mark.parametrize(
    ("method", "path", "fields"), endpoints(), ids=[f"{m} {p}" for m, p, _ in endpoints()]
)
def test_a_hostile_body_costs_little_at_every_endpoint(
    method: str, path: str, fields: list[str]
) -> None:
    api, there = caller(path)
    send = partial(api.send, method, there)
    for name, raw in NO_JSON.items():
        assert_cheap(name, raw, send)
    for number, (name, value) in enumerate(hostile().items()):
        # Every value at every third field: all of them would take minutes.
        for field in [*fields, "unknown"][number % 3 :: 3]:
            assert_cheap(f"{field}: {name}", b'{"%s":%s}' % (field.encode(), value), send)


def test_what_is_as_large_as_allowed_and_wrong_throughout_costs_little() -> None:
    """No length stops it: as many concepts, names and keys as there may be, each with a fault."""
    api, execute = caller("/jobs/{job_id}/execute")
    slips = {f"valu{n}": "" for n in range(100)}
    bodies = {
        "edits": {"concepts": {f"Wal{n}": {"action": "Recolor", **slips} for n in range(64)}},
        "warnings": {
            "concepts": {
                f"Wal{n}": {"action": "recolor", "value": f"sagee{n}", **slips} for n in range(64)
            },
            "protect": [f"Flor{n}" for n in range(64)],
            "strict": True,
            **{f"protec{n}": [] for n in range(100)},
        },
        "protect": {"concepts": {}, "protect": [""] * 64},
    }
    for name, body in bodies.items():
        assert_cheap(name, json.dumps(body).encode(), partial(api.send, "POST", execute))
    photos = {"preset": "x", "items": [{"name": "n" * 256, "bytes": 0}] * 200}
    assert_cheap("photos", json.dumps(photos).encode(), partial(api.send, "POST", "/jobs"))


def test_random_bodies_are_answered_and_never_a_crash() -> None:
    """The same in every run."""
    chance = random.Random(9)
    words = [
        *(field for _, _, fields in endpoints() for field in fields),
        "Wall",
        "action",
        "value",
    ]
    atoms: list[Any] = [None, True, 0, 1, -1, 2.5, 1e308, 10**30, "", "a", "\0", "\ud800", [], {}]
    atoms += ["interior", "recolor", "sage", "done", "rule_x"]

    def value(depth: int) -> Any:
        kind = chance.random()
        if depth == 0 or kind < 0.4:
            return chance.choice(atoms)
        some = range(chance.randrange(4))
        if kind < 0.7:
            return [value(depth - 1) for _ in some]
        return {chance.choice([*words, "", "x" * 70]): value(depth - 1) for _ in some}

    for method, path, fields in endpoints():
        api, there = caller(path)
        for _ in range(60):
            body = {field: value(3) for field in fields if chance.random() < 0.8}
            answer = api.send(method, there, json.dumps(body).encode())
            assert answer.status < 500, body
            if answer.status == 400:
                first = next(iter(answer.error["details"]))
                assert first == "body" or answer.error["message"].startswith(first), body
