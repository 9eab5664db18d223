"""Every operation of docs/openapi.yaml is a method of both clients, and asks for what is
documented.
"""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml

from s3sets import AsyncS3Client, S3Client
from s3sets.errors import BY_CODE
from tests.conftest import KEY
from tools.shapes import OPENAPI

JOB = "job_" + "0" * 32
ARGUMENTS = {
    "job_id": JOB,
    "rule_id": "rule_" + "0" * 32,
    "webhook_id": "wh_" + "0" * 32,
    "delivery_id": "msg_" + "0" * 32,
    "key_id": "key_" + "0" * 32,
    "preset_id": "interior",
    "preset": "interior",
    "item_count": 1,
    "concepts": {"Wall": "recolor:sage"},
    "name": "a name",
    "url": "https://shop.example.com/hook",
    "template": "before_after",
}
METHODS = ("get", "post", "put", "patch", "delete")


def operations() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    document = yaml.safe_load(OPENAPI.read_text())
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                yield operation["operationId"], method.upper(), path, operation


OPERATIONS = list(operations())


@pytest.mark.parametrize("client", [S3Client, AsyncS3Client])
def test_every_operation_is_a_method(client: type) -> None:
    missing = [name for name, *_ in OPERATIONS if not callable(getattr(client, name, None))]

    assert missing == []


def test_every_method_says_what_it_does() -> None:
    silent = [
        name
        for name, method in inspect.getmembers(AsyncS3Client, inspect.isfunction)
        if not name.startswith("_") and not method.__doc__
    ]

    assert silent == []


def test_both_clients_take_the_same_arguments() -> None:
    def arguments(client: type) -> dict[str, list[str]]:
        found = inspect.getmembers(client, inspect.isfunction)
        return {n: list(inspect.signature(m).parameters) for n, m in found if n[0] != "_"}

    said = arguments(AsyncS3Client)
    said["close"] = said.pop("aclose")
    assert arguments(S3Client) == said


@pytest.mark.parametrize(("name", "method", "path", "operation"), OPERATIONS, ids=lambda v: v)
def test_a_method_asks_for_what_is_documented(
    name: str, method: str, path: str, operation: dict[str, Any]
) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        data = {"token": "t", "refresh": "r", "job_id": JOB, "user_id": "u_1"}
        return httpx.Response(200, json={"success": True, "data": data, "error": None, "meta": {}})

    with S3Client(
        "https://s3.example.com", api_key=KEY, transport=httpx.MockTransport(answer)
    ) as client:
        call = getattr(client, name)
        if name == "watch_job":  # a stream, and a last look: test_watch.py
            return
        required = {
            argument: ARGUMENTS[argument]
            for argument, parameter in inspect.signature(call).parameters.items()
            if parameter.default is inspect.Parameter.empty or argument in ("concepts", "preset")
        }
        if name == "create_job":
            required["item_count"] = 1
        call(**required)

    *before, request = asked
    # Who is to be deleted is asked first.
    assert [one.url.path for one in before] == (["/me"] if name == "delete_me" else [])
    assert request.method == method
    assert re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.url.path)
    takes_key = {"$ref": "#/components/parameters/idempotency_key"} in operation.get(
        "parameters", ()
    )
    assert ("idempotency-key" in request.headers) == takes_key
    signed_in = {"token": []} in operation.get("security", [{"token": []}])
    assert ("authorization" in request.headers) == signed_in


def test_every_code_of_the_document_is_an_exception() -> None:
    text = OPENAPI.read_text()
    codes = set(re.findall(r"code:\n\s+type: string\n\s+const: ([A-Z_]+)", text))
    codes |= set(re.findall(r"code: ([A-Z_]{4,})\n", text))

    assert len(codes) > 20
    assert codes - BY_CODE.keys() == set()
