"""Requests that carry a shared secret instead of a user's token."""

import hmac
from collections.abc import Sequence

from django.http import HttpRequest


def bearer_of(request: HttpRequest) -> str:
    """The bearer token of a request, or nothing."""
    scheme, _, sent = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return str(sent.strip(" \t")) if scheme.lower() == "bearer" else ""


def bears_one_of(request: HttpRequest, secrets: Sequence[str]) -> bool:
    """Whether the request has one of the secrets as its bearer token; never without a secret."""
    # WSGI hands the bytes of a header over as Latin-1 (PEP 3333).
    sent_bytes = bearer_of(request).encode("latin-1", "backslashreplace")
    accepted = False
    for secret in secrets:
        # Every secret is compared, so that the time does not tell which one matched.
        accepted |= hmac.compare_digest(sent_bytes, secret.encode())
    return accepted and bool(sent_bytes)
