"""Holds answers to docs/openapi.yaml and docs/openapi-workers.yaml.

`testing.api.Api` asks for every answer of every test.

So a field that is added, a code that is new or a header that is missing fails a test until the
document says so.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

from s3project.docs.schema import SCHEMA_FILE, WORKERS_SCHEMA_FILE, read_document

JSON = "application/json"
METHODS = ("get", "post", "put", "delete")
# Said once for the whole API, and not at every endpoint.
UNSAID = {405}


class NotAsDocumented(AssertionError):
    """An answer that neither document allows."""


def check_answer(
    method: str, path: str, status: int, headers: Mapping[str, str], raw: bytes
) -> None:
    """Raises NotAsDocumented; what is outside the document (admin, unknown routes) passes."""
    operation = _operation(method.lower(), unquote(path.partition("?")[0]))
    if operation is None or status in UNSAID:
        return
    where = f"{method} {path}: {status}"
    response = operation["responses"].get(str(status))
    if response is None:
        raise NotAsDocumented(f"{where} is not documented: {raw[:300]!r}")
    response = _resolved(response)
    for name, header in response.get("headers", {}).items():
        header = _resolved(header)
        if name not in headers:
            if header.get("required"):
                raise NotAsDocumented(f"{where} has no {name}")
        elif header["schema"].get("type") == "string":
            _check(f"{where} {name}", header["schema"], headers[name])
    content = response.get("content")
    if content is None:
        if raw:
            raise NotAsDocumented(f"{where} has a body")
        return
    [(media_type, described)] = content.items()
    said = headers.get("Content-Type", JSON)
    if said.partition(";")[0] != media_type:
        raise NotAsDocumented(f"{where} is {said}, not {media_type}")
    for value in [json.loads(raw)] if media_type == JSON else _events(raw.decode()):
        _check(where, described["schema"], value)


def _events(text: str) -> Iterator[dict[str, str]]:
    """Those of a `text/event-stream`, which are what its schema describes."""
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "data" in fields:
            yield fields


def _check(where: str, schema: dict[str, Any], value: Any) -> None:
    error = next(iter(_validator(json.dumps(schema)).iter_errors(value)), None)
    if error is not None:
        place = "/".join(map(str, error.instance_path))
        raise NotAsDocumented(f"{where}: {place}: {error.message[:600]}")


@cache
def _document() -> dict[str, Any]:
    """Both documents in one; what they share has the same name and is the same."""
    paths: dict[str, Any] = {}
    components: dict[str, Any] = {}
    for document in (read_document(SCHEMA_FILE), read_document(WORKERS_SCHEMA_FILE)):
        for path, methods in document["paths"].items():
            paths.setdefault(path, {}).update(methods)
        for kind, entries in document["components"].items():
            components.setdefault(kind, {}).update(entries)
    return {"paths": paths, "components": components}


@cache
def _routes() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """Templates without a parameter first, as Django finds them."""
    paths = sorted(_document()["paths"].items(), key=lambda entry: "{" in entry[0])
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path)), methods) for path, methods in paths]


def _operation(method: str, path: str) -> dict[str, Any] | None:
    if method in METHODS:
        for pattern, methods in _routes():
            if pattern.fullmatch(path):
                operation: dict[str, Any] | None = methods.get(method)
                return operation
    return None


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref")
    if reference is None:
        return node
    found: dict[str, Any] = _document()
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


@cache
def _validator(schema: str) -> Any:
    whole = {**json.loads(schema), "components": _document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
