"""A browser in which an operator has signed in before, told by a cookie.

Whoever guesses at an account uses up what strangers may try of it, and would so lock its owner
out. A known browser is counted by itself instead: the "device cookie" of OWASP's "Slow Down Online
Guessing Attacks with Device Cookies". It opens nothing: password and second factor are asked as
ever.
"""

import hashlib
import secrets
import unicodedata
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

COOKIE = "s3_known_browser"
PATH = "/admin"
KEPT = timedelta(days=180)
ADMITTED = timedelta(minutes=15)


def account_digest(email: str) -> str:
    """What an account is counted under, whether it exists or not.

    Written in any way that the login form takes for it: the form normalizes (NFKC), so that
    full-width letters, for one, would otherwise be tries of another account.
    """
    written = unicodedata.normalize("NFKC", email.strip()).strip().lower()
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def known_browser(request: HttpRequest, email: str) -> str | None:
    """The browser's number, if it is known for this account."""
    try:
        account, number = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=KEPT)
    except (signing.BadSignature, ValueError):
        return None
    return str(number) if account == account_digest(email) else None


def remember_browser(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """Makes the browser known for an account; one that is known keeps its number."""
    number = known_browser(request, email) or secrets.token_hex(8)
    response.set_cookie(
        COOKIE,
        signing.dumps([account_digest(email), number], salt=COOKIE),
        max_age=KEPT,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def admission(email: str) -> str:
    """What makes any browser known for an account, for a quarter of an hour."""
    return signing.dumps(email, salt="s3_admission")


def admitted_account(text: str) -> str | None:
    """The account of an admission; None for one that is not ours or too old."""
    try:
        return str(signing.loads(text, salt="s3_admission", max_age=ADMITTED))
    except signing.BadSignature:
        return None
