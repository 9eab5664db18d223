"""The two documents, made from the routes, the input serializers and the types of the answers.

drf-spectacular walks the routes and translates the serializers that the views parse with; answers
are the types that the views return; the rest is said in `Operation`s.
"""

import io
import re
from contextlib import redirect_stderr
from dataclasses import dataclass
from typing import Any, cast

from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.settings import patched_settings
from rest_framework.serializers import ListField

from s3project import __version__
from s3project.api.fields import Alternatives, ByKey, Text
from s3project.api.views import ApiView
from s3project.openapi import fields  # noqa: F401 (registers itself)
from s3project.openapi.components import (
    HEADERS,
    PARAMETERS,
    SECURITY_SCHEMES,
    parameter,
    register_parameter,
)
from s3project.openapi.endpoint import Endpoint, endpoint_of
from s3project.openapi.responses import RESPONSES, responses_of
from s3project.openapi.shapes import SHAPES, JsonSchema
from s3project.openapi.split import described_for

DESCRIPTION = """\
Send a set of photos, say per concept what to do and what to protect, and get the set back.

1. `POST /auth/anon` gives a token.
2. `POST /jobs` reserves the credits and answers one upload URL for each photo: PUT the bytes there,
   without any token.
3. `POST /jobs/{job_id}/confirm-upload`, then `POST /jobs/{job_id}/execute`.
4. `GET /jobs/{job_id}` every few seconds, with `If-None-Match`, until `status` is `done`, `failed`
   or `canceled`. Finished photos are there as soon as they are finished.

Every answer is `{"success", "data", "error", "meta"}`; decide by `error.code`, not by the message.
A path or a method that does not exist is 404 `NOT_FOUND` or 405 `METHOD_NOT_ALLOWED` in the same
envelope. Ids are opaque. Unknown keys of a body are ignored.
"""
TAGS = [
    {"name": "Sessions", "description": "Signing up, staying signed in, signing out."},
    {"name": "Account", "description": "Plan, credits, and where they went."},
    {"name": "Presets", "description": "What may be edited in photos of one kind."},
    {"name": "Rules", "description": "Edits that are saved for the next album."},
    {"name": "Jobs", "description": "A set of photos, from its creation to its results."},
    {"name": "Webhooks", "description": "Being told instead of asking."},
    {"name": "Probes", "description": "For load balancers and monitoring."},
]
WORKERS_DESCRIPTION = """\
What a GPU worker calls while it works on a chunk of photos that it took from the queue. The message
of the queue and the rules of delivery are in contract.md, beside this file.

1. `POST /jobs/{job_id}/claim` before the work, and again before the lease ends.
2. `POST /jobs/{job_id}/callback` for each photo, with a key that names the attempt.

Every answer is `{"success", "data", "error", "meta"}`; decide by `error.code`, not by the message.
"""
WORKERS_TAGS = [{"name": "Internal", "description": "What GPU workers call. Not for clients."}]
OPTIONS: dict[str, Any] = {
    "TITLE": "S3",
    "VERSION": __version__,
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": DESCRIPTION,
    "SERVERS": [{"url": "/", "description": "Where this document came from."}],
    "POSTPROCESSING_HOOKS": [],
}


@dataclass(frozen=True)
class Documents:
    """For customers docs/openapi.yaml, for those who write a worker docs/openapi-workers.yaml."""

    customers: JsonSchema
    workers: JsonSchema


class SchemaError(Exception):
    """drf-spectacular warned, which here is a failure."""


class ApiSchema(AutoSchema):
    """drf-spectacular's view of a view, told by its `Endpoint`."""

    @property
    def endpoint(self) -> Endpoint:
        handler = getattr(self.view, "action", None) or self.method.lower()
        return endpoint_of(cast(type[ApiView], type(self.view)), handler)

    def get_operation_id(self) -> str:
        return self.endpoint.operation.id

    def get_summary(self) -> str:
        return self.endpoint.summary

    def get_description(self) -> str:  # type: ignore[override]  # without DRF's path and method
        return self.endpoint.description

    def get_tags(self) -> list[str]:
        return [self.endpoint.view.tag]

    def get_auth(self) -> list[Any]:
        return self.endpoint.security

    def get_request_serializer(self) -> Any:
        return self.endpoint.operation.body

    def get_response_serializers(self) -> Any:
        return {}

    def _insert_field_validators(self, field: Any, schema: JsonSchema) -> None:
        # drf-spectacular offers a blank beside a pattern that allows one already.
        if not isinstance(field, Text):
            super()._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]  # typed in part
        if isinstance(field, ListField) and not field.allow_empty:
            schema["minItems"] = 1

    def map_parsers(self) -> list[str]:
        return ["application/json"]

    def get_operation(
        self,
        path: str,
        path_regex: str,
        path_prefix: str,
        method: str,
        registry: ComponentRegistry,
    ) -> dict[str, Any] | None:
        described = super().get_operation(path, path_regex, path_prefix, method, registry)
        if described is None:
            return None
        endpoint, operation = self.endpoint, self.endpoint.operation
        names = [
            register_parameter("path", name, endpoint.path_types[name])
            for name in re.findall(r"{(\w+)}", path)
        ]
        names += [register_parameter("query", *query) for query in operation.query.items()]
        names += ["limit", "cursor"] if endpoint.is_paged else []
        names += ["idempotency_key"] if endpoint.is_idempotent else []
        names += ["if_none_match"] if operation.conditional else []
        described.pop("parameters", None)
        if names:
            described["parameters"] = [parameter(name) for name in names]
        if operation.body is not None:
            body = described["requestBody"]
            needed = [field.required for field in operation.body.fields.values()]
            body["required"] = isinstance(operation.body, Alternatives | ByKey) or any(needed)
            body["content"]["application/json"]["examples"] = {
                name: {"value": value} for name, value in operation.body_examples.items()
            }
        described["responses"] = responses_of(endpoint)
        described["security"] = endpoint.security
        return described


def generate() -> Documents:
    """Raises SchemaError or LookupError (an endpoint without words, or of no document)."""
    whole = _everything()
    documents = Documents(
        customers=described_for(whole, tags=TAGS),
        workers=described_for(
            whole, tags=WORKERS_TAGS, title="S3 workers", description=WORKERS_DESCRIPTION
        ),
    )
    said = _operations(documents.customers) | _operations(documents.workers)
    if unsaid := _operations(whole) - said:
        raise LookupError(f"{sorted(unsaid)} have no tag of TAGS or WORKERS_TAGS")
    return documents


def _operations(document: JsonSchema) -> set[str]:
    return {each["operationId"] for path in document["paths"].values() for each in path.values()}


def _everything() -> JsonSchema:
    GENERATOR_STATS.reset()
    said = io.StringIO()
    with patched_settings(OPTIONS), redirect_stderr(said):
        document: JsonSchema = SchemaGenerator().get_schema(request=None, public=True)
    if GENERATOR_STATS:
        raise SchemaError(said.getvalue())
    components = document["components"]
    components["schemas"] = dict(sorted({**components.get("schemas", {}), **SHAPES}.items()))
    components["responses"] = dict(sorted(RESPONSES.items()))
    components["parameters"] = dict(sorted(PARAMETERS.items()))
    components["headers"] = HEADERS
    components["securitySchemes"] = SECURITY_SCHEMES
    return document


def render(document: JsonSchema) -> str:
    """As YAML, the same text for the same document."""
    text: bytes = OpenApiYamlRenderer().render(document, renderer_context={})
    return text.decode()
