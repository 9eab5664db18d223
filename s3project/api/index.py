"""`GET /`: where to go from here. A browser is taken to the page for people."""

from typing import Literal, TypedDict

from django.http import HttpResponse, HttpResponseRedirect
from rest_framework.request import Request

from s3project import __version__
from s3project.api.answers import Answer
from s3project.api.public import PublicView


class Links(TypedDict):
    studio: Literal["/studio"]
    docs: Literal["/docs"]
    openapi: Literal["/openapi.json"]
    health: Literal["/health"]


class IndexOut(TypedDict):
    name: Literal["S3"]
    version: str
    links: Links


INDEX: IndexOut = {
    "name": "S3",
    "version": __version__,
    "links": {
        "studio": "/studio",
        "docs": "/docs",
        "openapi": "/openapi.json",
        "health": "/health",
    },
}
VARY = {"Vary": "Accept"}


class IndexView(PublicView):
    """GET /"""

    def get(self, request: Request) -> Answer[IndexOut] | HttpResponse:
        if _is_browser(request):
            return HttpResponseRedirect(INDEX["links"]["studio"], headers=VARY)
        return Answer(INDEX, headers=VARY)


def _is_browser(request: Request) -> bool:
    """Browsers name HTML among what they accept, programs do not."""
    return "text/html" in request.headers.get("Accept", "").lower()
