"""`GET /openapi.json`, the committed description of the API, and `GET /docs`, a page made of it.

Both are the same for everybody and need no token. Nothing is generated or fetched from elsewhere:
the document is docs/openapi.yaml, the page's code comes with drf-spectacular-sidecar.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

import yaml
from django.conf import settings
from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from rest_framework.request import Request

from s3project.api.conditional import client_has
from s3project.api.views import ApiView

SCHEMA_FILE: Path = settings.BASE_DIR / "docs" / "openapi.yaml"
MAX_AGE = "public, max-age=300"
# Swagger UI sets style attributes; besides them everything is a file of ours.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


@cache
def schema_json() -> tuple[bytes, str]:
    """The document as JSON and its ETag; read once for each process."""
    document = yaml.load(SCHEMA_FILE.read_bytes(), Loader=yaml.CSafeLoader)
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return body, f'"{hashlib.blake2b(body, digest_size=15).hexdigest()}"'


class PublicView(ApiView):
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    schema = None  # it describes the API and is no part of it


class SchemaView(PublicView):
    """GET /openapi.json"""

    def get(self, request: Request) -> HttpResponse:
        body, etag = schema_json()
        headers = {"ETag": etag, "Cache-Control": MAX_AGE}
        if client_has(request, etag):
            return HttpResponseNotModified(headers=headers)
        return HttpResponse(body, content_type="application/json", headers=headers)


class DocsView(PublicView):
    """GET /docs"""

    def get(self, request: Request) -> HttpResponse:
        page = render(request._request, "s3project/docs.html")
        page.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        page.headers["Cache-Control"] = MAX_AGE
        return page
