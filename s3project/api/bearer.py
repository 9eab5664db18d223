"""Requests that carry a shared secret instead of a user's token."""

import hmac
from collections.abc import Sequence

from django.http import HttpRequest


def bears_one_of(request: HttpRequest, secrets: Sequence[str]) -> bool:
    """Whether the request has one of the secrets as its bearer token; never without a secret."""
    scheme, _, sent = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    # WSGI hands the bytes of a header over as Latin-1 (PEP 3333).
    sent_bytes = sent.strip(" \t").encode("latin-1", "backslashreplace")
    accepted = False
    for secret in secrets:
        # Every secret is compared, so that the time does not tell which one matched.
        accepted |= hmac.compare_digest(sent_bytes, secret.encode())
    return accepted and scheme.lower() == "bearer"
