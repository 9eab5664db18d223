"""From a `DATABASE_URL` to Django's DATABASES entry."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SCHEMES = ("postgres", "postgresql")

# A lock that is not free within 3 s means a stuck or overloaded job: the client gets 503 with
# Retry-After. Set on the connection, so that it costs no statement.
LOCK_TIMEOUT_MS = 3_000
STATEMENT_TIMEOUT_MS = 30_000


def database_settings(url: str) -> dict[str, Any]:
    """The DATABASES["default"] entry of a `postgresql://user:password@host:port/name?options` URL.

    An empty URL gives Django's dummy backend: a GPU worker has no database, and a use of one
    there fails loudly. Raises ImproperlyConfigured for another scheme.
    """
    if not url:
        return {"ENGINE": "django.db.backends.dummy"}
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise ImproperlyConfigured("DATABASE_URL must start with postgresql://.")
    query = dict(parse_qsl(parts.query))
    host = query.pop("host", None) or unquote(parts.hostname or "")
    return {
        "ENGINE": "s3project.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        # One connection per thread, kept: a new one per request halves the throughput. A
        # connection that died is noticed by the request that fails with 503 and then replaced.
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "connect_timeout": 5,
            "options": f"-c lock_timeout={LOCK_TIMEOUT_MS} "
            f"-c statement_timeout={STATEMENT_TIMEOUT_MS}",
            # Values travel beside the statement, so that its text is the same each time.
            "server_side_binding": True,
            # psycopg drops all that a connection has prepared at every rollback, and so what
            # s3project/exchange.py has: it prepares the statements that come again and again.
            "prepare_threshold": None,
            **query,
        },
    }
