"""Conditional GET (RFC 9110 §13.1.2): an answer the client already has costs no body."""

import hashlib

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from rest_framework.request import Request

# A client may keep the answer for itself, and asks before each use whether it still holds.
CACHE_CONTROL = "private, no-cache"


def weak_etag(version: str) -> str:
    """The tag of an answer whose data `version` identifies.

    Weak, since two answers with the same data still differ in `meta`: request id and timestamp.
    """
    return f'W/"{hashlib.blake2b(version.encode(), digest_size=15).hexdigest()}"'


def is_conditional(request: Request) -> bool:
    """Whether the client says what it has. (`request.headers` would make a mapping of them all.)"""
    return "HTTP_IF_NONE_MATCH" in request._request.META


def client_has(request: Request, etag: str) -> bool:
    """Whether If-None-Match names the tag, among others, or is `*`; compared weakly, as for GET."""
    known = parse_etags(request._request.META.get("HTTP_IF_NONE_MATCH", ""))
    return known == ["*"] or etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in known}


def cache_headers(etag: str) -> dict[str, str]:
    return {"ETag": etag, "Cache-Control": CACHE_CONTROL}


def not_modified(etag: str) -> HttpResponse:
    """304, with the headers that the full answer would have."""
    return HttpResponseNotModified(headers=cache_headers(etag))
