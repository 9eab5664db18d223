"""docs/openapi.yaml and docs/openapi-workers.yaml say what the code does, to whom it concerns."""

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
from django.urls import get_resolver
from rest_framework.request import Request
from rest_framework.response import Response

from s3project.api.operation import Operation
from s3project.api.views import ApiView
from s3project.docs.schema import SCHEMA_FILE, WORKERS_SCHEMA_FILE, schema_json
from s3project.openapi.endpoint import endpoint_of
from s3project.openapi.generate import generate, render
from s3project.openapi.split import described_for
from s3project.openapi.types import example_of, schema_of
from s3project.testing.api import Api
from s3project.testing.conformance import NotAsDocumented, check_answer

DOCUMENT: dict[str, Any] = yaml.safe_load(SCHEMA_FILE.read_text())
WORKERS: dict[str, Any] = yaml.safe_load(WORKERS_SCHEMA_FILE.read_text())
DOCUMENTS = (DOCUMENT, WORKERS)
# Contract §3.1, all of it.
CODES = {
    400: {"VALIDATION_ERROR"},
    401: {"AUTH_REQUIRED", "TOKEN_EXPIRED", "TOKEN_INVALID"},
    402: {"CREDITS_EXHAUSTED"},
    403: {
        *("ITEM_LIMIT", "RULE_SLOT_FULL", "KEY_LIMIT", "SIGNUP_REFUSED", "STORAGE_QUOTA"),
        *("WEBHOOK_LIMIT",),
        "CALLBACK_UNAUTHORIZED",
    },
    404: {"NOT_FOUND", "JOB_NOT_FOUND", "RULE_NOT_FOUND"},
    409: {
        *("INVALID_TRANSITION", "ALREADY_CANCELED", "IDEMPOTENCY_CONFLICT"),
        "REQUEST_IN_PROGRESS",
        *("SOURCE_GONE", "WEBHOOK_OFF"),
    },
    413: {"VALIDATION_ERROR"},
    422: {"IDEMPOTENCY_KEY_REUSED"},
    429: {"CONCURRENCY_LIMIT", "RATE_LIMITED"},
    500: {"INTERNAL_ERROR"},
    503: {"UNAVAILABLE"},
}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def validator_of(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    return jsonschema_rs.Draft202012Validator(
        {**schema, "components": document["components"]}, validate_formats=True
    )


def test_the_committed_documents_are_what_the_code_says() -> None:
    documents = generate()
    assert render(documents.customers) == SCHEMA_FILE.read_text(), "run: make openapi"
    assert render(documents.workers) == WORKERS_SCHEMA_FILE.read_text(), "run: make openapi"


def test_customers_are_shown_nothing_that_only_workers_use() -> None:
    text = SCHEMA_FILE.read_text()
    assert re.findall(r"(?i).*(?:callback|claim|lease|Internal\b|worker).*", text) == []
    assert set(DOCUMENT["components"]["securitySchemes"]) == {"token"}
    assert set(WORKERS["components"]["securitySchemes"]) == {"callback_secret"}


def test_a_document_keeps_the_components_that_it_uses_and_no_other() -> None:
    """Through references of references, and schemes by their name."""
    reference = {"$ref": "#/components/schemas/A"}
    own = {"tags": ["Own"], "security": [{"mine": []}], "responses": {"200": reference}}
    other = {"tags": ["Other"], "security": [{"theirs": []}]}
    shapes = {"A": {"items": {"$ref": "#/components/schemas/B"}}, "B": {}, "C": reference}
    whole = {
        "info": {"title": "All"},
        "paths": {"/a": {"get": own, "put": other}, "/b": {"get": other}},
        "components": {"schemas": shapes, "securitySchemes": {"mine": {}, "theirs": {}}},
    }
    tag = {"name": "Own", "description": "Ours."}

    assert described_for(whole, tags=[tag], title="Own") == {
        "info": {"title": "Own"},
        "paths": {"/a": {"get": own}},
        "tags": [tag],
        "components": {
            "schemas": {"A": shapes["A"], "B": {}},
            "securitySchemes": {"mine": {}},
        },
    }


def test_every_route_of_the_api_is_described() -> None:
    paths = [*DOCUMENT["paths"], *WORKERS["paths"]]
    described = {re.sub(r"{\w+}", "<>", path) for path in paths}
    routed = {
        "/" + re.sub(r"<\w+:\w+>", "<>", str(pattern.pattern))
        for include in get_resolver().url_patterns
        for pattern in getattr(include, "url_patterns", [include])
        if str(include.pattern) != "admin/"
    }
    assert routed - described == {
        "/",
        "/openapi.json",
        "/docs",
        "/docs/reference",
        "/metrics",
        "/studio",
    }
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
    assert "§" not in WORKERS_SCHEMA_FILE.read_text()


def codes_of(document: dict[str, Any]) -> dict[int, set[str]]:
    """Status → codes, of all refusals."""
    found: dict[int, set[str]] = {}
    responses = document["components"]["responses"]
    for _, operation in operations(document):
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                response = responses[answer["$ref"].split("/")[-1]]
                for example in response["content"]["application/json"]["examples"].values():
                    found.setdefault(int(status), set()).add(example["value"]["error"]["code"])
    return found


def test_every_code_of_the_contract_is_documented_under_its_status_and_no_other() -> None:
    customers, workers = codes_of(DOCUMENT), codes_of(WORKERS)
    assert "CALLBACK_UNAUTHORIZED" not in customers[403]
    assert {
        status: customers.get(status, set()) | workers.get(status, set())
        for status in customers.keys() | workers.keys()
    } == CODES


@pytest.mark.parametrize(("document", "least"), [(DOCUMENT, 55), (WORKERS, 10)])
def test_all_examples_are_valid(document: dict[str, Any], least: int) -> None:
    checked = 0
    contents = [answer["content"] for answer in document["components"]["responses"].values()]
    for _, operation in operations(document):
        contents += [a["content"] for a in operation["responses"].values() if "content" in a]
        contents += [operation["requestBody"]["content"]] if "requestBody" in operation else []
    for content in contents:
        [media] = content.values()
        examples = [entry["value"] for entry in media.get("examples", {}).values()]
        examples += [media["example"]] if "example" in media else []
        for example in examples:
            validator_of(document, media["schema"]).validate(example)
            checked += 1
    assert checked > least


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_object_that_is_answered_is_closed(document: dict[str, Any]) -> None:
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
        for name, schema in document["components"]["schemas"].items()
        if not name.endswith("In") and name not in bodies
    }
    assert list(open_objects(answers, "")) == []


def test_workers_endpoints_are_internal_and_have_a_secret_of_their_own() -> None:
    internal = {name: operation["security"] for name, operation in operations(WORKERS)}
    assert internal == {
        "POST /jobs/{job_id}/callback": [{"callback_secret": []}],
        "POST /jobs/{job_id}/claim": [{"callback_secret": []}],
        "POST /jobs/{job_id}/packages/{template}/callback": [{"callback_secret": []}],
        "POST /jobs/{job_id}/packages/{template}/claim": [{"callback_secret": []}],
    }
    public = [name for name, operation in operations(DOCUMENT) if operation["security"] == []]
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


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/reference", "/openapi.json"])
def test_other_methods_are_refused_in_the_envelope(path: str) -> None:
    assert Api().post(path).refusal == (405, "METHOD_NOT_ALLOWED")


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
