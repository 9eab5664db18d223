"""docs/openapi.yaml says what the code does, and is served with a page that explains it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import jsonschema_rs
import pytest
import yaml
from django.conf import settings
from django.contrib.staticfiles import finders
from django.urls import get_resolver
from rest_framework.request import Request
from rest_framework.response import Response

from s3project.api.docs import SCHEMA_FILE, schema_json
from s3project.api.operation import Operation
from s3project.api.views import ApiView
from s3project.openapi.endpoint import endpoint_of
from s3project.openapi.generate import generate, render
from s3project.openapi.types import example_of, schema_of
from s3project.testing.api import Api
from s3project.testing.conformance import NotAsDocumented, check_answer

DOCUMENT: dict[str, Any] = yaml.safe_load(SCHEMA_FILE.read_text())
COMPONENTS = DOCUMENT["components"]
# Contract §3.1, all of it.
CODES = {
    400: {"VALIDATION_ERROR"},
    401: {"AUTH_REQUIRED", "TOKEN_EXPIRED", "TOKEN_INVALID"},
    402: {"CREDITS_EXHAUSTED"},
    403: {"ITEM_LIMIT", "RULE_SLOT_FULL", "CALLBACK_UNAUTHORIZED"},
    404: {"NOT_FOUND", "JOB_NOT_FOUND", "RULE_NOT_FOUND"},
    409: {
        *("INVALID_TRANSITION", "ALREADY_CANCELED", "IDEMPOTENCY_CONFLICT"),
        "REQUEST_IN_PROGRESS",
    },
    413: {"VALIDATION_ERROR"},
    422: {"IDEMPOTENCY_KEY_REUSED"},
    429: {"CONCURRENCY_LIMIT", "RATE_LIMITED"},
    500: {"INTERNAL_ERROR"},
    503: {"UNAVAILABLE"},
}


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def validator_of(schema: dict[str, Any]) -> Any:
    return jsonschema_rs.Draft202012Validator(
        {**schema, "components": COMPONENTS}, validate_formats=True
    )


def test_the_committed_document_is_what_the_code_says() -> None:
    assert render(generate()) == SCHEMA_FILE.read_text(), "run: make openapi"


def test_every_route_of_the_api_is_described() -> None:
    described = {re.sub(r"{\w+}", "<>", path) for path in DOCUMENT["paths"]}
    routed = {
        "/" + re.sub(r"<\w+:\w+>", "<>", str(pattern.pattern))
        for include in get_resolver().url_patterns
        for pattern in getattr(include, "url_patterns", [include])
        if str(include.pattern) != "admin/"
    }
    assert routed - described == {"/", "/openapi.json", "/docs", "/metrics"}
    assert described <= routed


def test_an_endpoint_without_words_stops_the_generation() -> None:
    class Unspoken(ApiView):
        def get(self, request: Request) -> Response:
            return Response()

    with pytest.raises(LookupError, match=r"Unspoken\.get has no description"):
        endpoint_of(Unspoken, "get")


def test_an_endpoint_that_does_not_say_what_it_answers_stops_the_generation() -> None:
    class Vague(ApiView):
        @Operation("vague")
        def get(self, request: Request) -> Response:
            """Something"""
            return Response()

    with pytest.raises(LookupError, match=r"Vague\.get returns no Answer"):
        endpoint_of(Vague, "get")


def test_a_type_that_no_answer_can_have_stops_the_generation() -> None:
    with pytest.raises(LookupError, match="has no schema"):
        schema_of(datetime)
    with pytest.raises(LookupError, match="has no example"):
        example_of(str)


def test_no_text_for_customers_cites_what_they_do_not_have() -> None:
    assert re.findall(r"(?i).*(?:contract|§|\badr\b).*", SCHEMA_FILE.read_text()) == []


def test_every_code_of_the_contract_is_documented_under_its_status_and_no_other() -> None:
    found: dict[int, set[str]] = {}
    for response in COMPONENTS["responses"].values():
        for example in response["content"]["application/json"]["examples"].values():
            code = example["value"]["error"]["code"]
            for _, operation in operations():
                for status, answer in operation["responses"].items():
                    if (
                        COMPONENTS["responses"].get(answer.get("$ref", "").split("/")[-1])
                        is response
                    ):
                        found.setdefault(int(status), set()).add(code)
    assert found == CODES


def test_all_examples_are_valid() -> None:
    checked = 0
    contents = [answer["content"] for answer in COMPONENTS["responses"].values()]
    for _, operation in operations():
        contents += [a["content"] for a in operation["responses"].values() if "content" in a]
        contents += [operation["requestBody"]["content"]] if "requestBody" in operation else []
    for content in contents:
        media = content["application/json"]
        examples = [entry["value"] for entry in media.get("examples", {}).values()]
        examples += [media["example"]] if "example" in media else []
        for example in examples:
            validator_of(media["schema"]).validate(example)
            checked += 1
    assert checked > 60


def test_every_object_that_is_answered_is_closed() -> None:
    """Otherwise an answer with a field too many would pass for documented."""

    def open_objects(node: Any, path: str) -> Iterator[str]:
        if isinstance(node, dict):
            if node.get("type") == "object" and "additionalProperties" not in node:
                yield path
            for key, inner in node.items():
                yield from open_objects(inner, f"{path}/{key}")
        elif isinstance(node, list):
            for inner in node:
                yield from open_objects(inner, path)

    bodies = {
        *("ValuedEdit", "Removal", "ExecuteWithConcepts", "ExecuteWithRule"),
        *("CheckWithConcepts", "CheckWithRule"),
    }
    answers = {
        name: schema
        for name, schema in COMPONENTS["schemas"].items()
        if not name.endswith("In") and name not in bodies
    }
    assert list(open_objects(answers, "")) == []


def test_workers_endpoints_are_internal_and_have_a_secret_of_their_own() -> None:
    internal = {
        name: operation["security"]
        for name, operation in operations()
        if "Internal" in operation["tags"]
    }
    assert internal == {
        "POST /jobs/{job_id}/callback": [{"callback_secret": []}],
        "POST /jobs/{job_id}/claim": [{"callback_secret": []}],
    }
    public = [name for name, operation in operations() if operation["security"] == []]
    assert public == [
        *("POST /auth/anon", "POST /auth/refresh", "GET /health"),
        *("GET /presets", "GET /presets/{preset_id}", "GET /ready", "GET /vocabulary"),
    ]


def test_the_document_is_served_as_json_and_costs_nothing_when_it_is_known() -> None:
    answer = Api().get("/openapi.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert json.loads(answer.raw) == DOCUMENT
    again = Api().send("GET", "/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.raw) == (304, b"")
    assert schema_json() is schema_json()


def test_a_web_process_runs_without_what_the_document_is_made_with() -> None:
    """drf-spectacular is for development only: production does not install it."""
    program = (
        "import sys; sys.modules['drf_spectacular'] = None; import s3project.wsgi; "
        "from django.urls import resolve; resolve('/openapi.json'); "
        "assert 's3project.openapi' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=settings.BASE_DIR, check=True
    )


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json"])
def test_other_methods_are_refused_in_the_envelope(path: str) -> None:
    assert Api().post(path).refusal == (405, "METHOD_NOT_ALLOWED")


def test_the_page_loads_nothing_from_elsewhere_and_its_files_are_there() -> None:
    page = Api().get("/docs")
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; ")
    html = page.raw.decode()
    assert "://" not in html
    assert "<script>" not in html
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', html)
    assert len(files) == 4
    for file in files:
        assert finders.find(file.removeprefix("/static/")), file


META = {
    "request_id": "5f8f4f0e-7f0c-4b5e-9d53-0f6f3f0a3c11",
    "timestamp": "2026-02-26T08:00:00.000Z",
}
HEALTH = {"status": "healthy", "version": "1.2.3", "timestamp": "2026-02-26T08:00:00.000Z"}


@pytest.mark.parametrize(
    ("status", "data", "complaint"),
    [
        (200, {**HEALTH, "load": 3}, "load"),
        (200, {"status": "healthy", "version": "1.2.3"}, "timestamp"),
        (200, {**HEALTH, "timestamp": "yesterday"}, "yesterday"),
        (418, HEALTH, "not documented"),
    ],
)
def test_an_answer_that_is_not_as_documented_is_noticed(
    status: int, data: dict[str, Any], complaint: str
) -> None:
    body = {"success": True, "data": data, "error": None, "meta": META}
    headers = {"X-Request-ID": META["request_id"]}
    check_answer("GET", "/health", 200, headers, json.dumps({**body, "data": HEALTH}).encode())
    with pytest.raises(NotAsDocumented, match=complaint):
        check_answer("GET", "/health", status, headers, json.dumps(body).encode())
    with pytest.raises(NotAsDocumented, match="X-Request-ID"):
        check_answer("GET", "/health", 200, {}, json.dumps({**body, "data": HEALTH}).encode())
