"""`GET /docs/reference`: every endpoint of docs/openapi.yaml, on one page that needs no script."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from s3project import __version__
from s3project.docs.fields import Field, FieldReader
from s3project.docs.schema import schema_document
from s3project.docs.served import Served, ServedView, page
from s3project.docs.text import code, json_code, json_text, line, paragraphs

Schema = dict[str, Any]
JSON = "application/json"
NOTHING_TO_SAY = "Success."  # what an answer is described with that says itself what it is


@dataclass(frozen=True)
class Refusal:
    status: str
    code: str
    message: str


@dataclass(frozen=True)
class Endpoint:
    """One operation, as the page shows it. `example` is of the answer's `data`."""

    id: str
    method: str
    path: str
    summary: str
    description: SafeString
    needs_token: bool
    parameters: list[Field]
    body: list[Field]
    request: SafeString
    status: str
    result: SafeString
    answer: list[Field]
    is_list: bool
    example: SafeString
    refusals: list[Refusal]


@dataclass(frozen=True)
class Group:
    """The endpoints of a tag."""

    name: str
    description: SafeString
    endpoints: list[Endpoint]

    @property
    def id(self) -> str:
        return f"group-{self.name.lower()}"


def groups_of(document: Schema) -> list[Group]:
    """In the order of the document's tags."""
    reader = FieldReader(document)
    found: dict[str, list[Endpoint]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append(_endpoint(reader, method, path, operation))
    return [
        Group(tag["name"], line(tag["description"]), found[tag["name"]]) for tag in document["tags"]
    ]


def _endpoint(reader: FieldReader, method: str, path: str, operation: Schema) -> Endpoint:
    status, success = next(iter(operation["responses"].items()))
    [(kind, media)] = success["content"].items()
    data, example = media["schema"], media["example"]
    if kind == JSON:
        data, example = reader.resolved(data)["properties"]["data"], example["data"]
    body = operation.get("requestBody", {}).get("content", {}).get(JSON, {})
    parameters = [reader.resolved(each) for each in operation.get("parameters", ())]
    return Endpoint(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=paragraphs(operation.get("description", "")),
        needs_token=bool(operation["security"]),
        parameters=[_parameter(reader, each) for each in parameters],
        body=reader.fields(body["schema"]) if body else [],
        request=code(_curl(method, path, operation, body), "curl"),
        status=status,
        result=line("" if success["description"] == NOTHING_TO_SAY else success["description"]),
        answer=reader.fields(data),
        is_list=reader.resolved(data).get("type") == "array",
        example=json_code(example),
        refusals=list(_refusals(reader, operation)),
    )


def _parameter(reader: FieldReader, parameter: Schema) -> Field:
    schema = {**parameter["schema"], "description": parameter.get("description", "")}
    need = "required" if parameter.get("required") else ""
    name = parameter["name"]
    shown = {"path": f"{{{name}}}", "query": f"?{name}=", "header": f"{name}:"}[parameter["in"]]
    return reader.field(shown, schema, need)


def _refusals(reader: FieldReader, operation: Schema) -> Iterator[Refusal]:
    for status, response in operation["responses"].items():
        if int(status) >= 400:
            examples = reader.resolved(response)["content"][JSON]["examples"].values()
            for example in examples:
                error = example["value"]["error"]
                yield Refusal(status, error["code"], error["message"])


def _curl(method: str, path: str, operation: Schema, body: Schema) -> str:
    """The request as a command; `$API` is the server, `$JOB_ID` an id that you have."""
    place = re.sub(r"{(\w+)}", lambda match: f"${match[1].upper()}", path)
    verb = "" if method == "get" else f"-X {method.upper()} "
    parts = [f'curl -sS {verb}"$API{place}"']
    if operation["security"]:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if example := next(iter(body.get("examples", {}).values()), None):
        parts.append(f"-d '{json_text(example['value'])}'")
    return " \\\n  ".join(parts)


@cache
def reference_page() -> Served:
    html = render_to_string(
        "s3project/docs/reference.html",
        {
            "groups": groups_of(schema_document()),
            "api": settings.PUBLIC_BASE_URL,
            "version": __version__,
        },
    )
    return page(html)


class ReferenceView(ServedView):
    """GET /docs/reference"""

    make = staticmethod(reference_page)
