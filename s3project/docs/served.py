"""What documentation is served with: nothing but itself, and no body for who has it already."""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request

from s3project.api.conditional import client_has
from s3project.api.public import PublicView

MAX_AGE = "public, max-age=300"
# Scripts, styles and pictures are files of ours; nothing is written into the page.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


@dataclass(frozen=True)
class Served:
    """A body that is the same for everybody, as long as the process lives."""

    body: bytes
    content_type: str
    headers: dict[str, str] = field(default_factory=dict)

    @cached_property
    def packed(self) -> bytes:
        # Nothing secret is in it, so that its length gives nothing away (BREACH).
        return gzip.compress(self.body, mtime=0)

    @cached_property
    def etag(self) -> str:
        """Weak, since it names the packed body as well."""
        return f'W/"{hashlib.blake2b(self.body, digest_size=15).hexdigest()}"'

    def answer(self, request: Request) -> HttpResponse:
        headers = {"Cache-Control": MAX_AGE, **self.headers, "ETag": self.etag}
        response: HttpResponse
        if client_has(request, self.etag):
            response = HttpResponseNotModified(headers=headers)
        elif "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            response = HttpResponse(self.packed, content_type=self.content_type, headers=headers)
        else:
            response = HttpResponse(self.body, content_type=self.content_type, headers=headers)
        patch_vary_headers(response, ["Accept-Encoding"])
        return response


def page(html: str) -> Served:
    """A page of HTML under the policy above."""
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return Served(html.encode(), "text/html; charset=utf-8", headers)


class ServedView(PublicView):
    """Answers GET with what `make` makes, once for each process."""

    make: ClassVar[Callable[[], Served]]

    def get(self, request: Request) -> HttpResponse:
        return type(self).make().answer(request)
