"""Somebody on this machine who knows the ports of a stack, and nothing else.

Every method tries one language at one port and returns what was served: an empty list is a door
that is shut.
"""

import contextlib
import http.client
import itertools
import socket
import ssl
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

HOST = "127.0.0.1"
# How long a port that says nothing is waited for; one that serves does so at once.
SECONDS = 1
# And how long one that has spoken HTTP already is given for each further answer.
PATIENCE = 20
REFUSED = frozenset({400, 401, 403, 405, 501})
# Of SeaweedFS's master, volume server, filer, S3 gateway and admin server; some are anybody's.
PATHS = (
    *("/", "/dir/assign", "/dir/lookup?volumeId=1", "/dir/status", "/submit", "/cluster/status"),
    *("/vol/status", "/vol/grow?count=1", "/col/delete?collection=x", "/ui/index.html", "/ui"),
    *("/status", "/stats/disk", "/1,01637037d6", "/metrics", "/debug/pprof/", "/debug/vars"),
    *("/buckets/", "/buckets/s3-images/a.jpg", "/etc/", "/?metadata=true", "/.tus/", "/healthz"),
    *("/s3-images", "/s3-images/a.jpg", "/api/users", "/object-store/users", "/login", "/config"),
)
REQUESTS = (
    *(("GET", path) for path in PATHS),
    *itertools.product(
        ("PUT", "POST", "DELETE"),
        ("/", "/submit", "/1,01637037d6", "/buckets/s3-images/a.jpg", "/s3-images/a.jpg"),
    ),
)
# What S3 tells everybody: that it is there.
ANYBODYS_AT_THE_STORAGE = {"http: GET /healthz 200", "http: GET /status 200"}
HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
SETTINGS_FRAME = 0x04


@dataclass(frozen=True)
class Served:
    """What somebody got who brought nothing."""

    language: str
    what: str


def served_at(port: int) -> list[Served]:
    """All that a port gives to a stranger."""
    return [
        *_http("http", lambda patience: http.client.HTTPConnection(HOST, port, timeout=patience)),
        *_http("https", lambda patience: _https(port, patience)),
        *_grpc(port),
        *_grpc_over_tls(port),
        *_valkey(port),
        *_postgres(port),
    ]


def _http(
    language: str, connect: Callable[[float], http.client.HTTPConnection]
) -> Iterator[Served]:
    if _status(connect(SECONDS), "GET", "/") is None:
        return  # not its language
    for method, path in REQUESTS:
        status = _status(connect(PATIENCE), method, path)
        if status is not None and status not in REFUSED:
            yield Served(language, f"{method} {path} {status}")


def _status(connection: http.client.HTTPConnection, method: str, path: str) -> int | None:
    try:
        connection.request(method, path, body=b"x" if method in ("PUT", "POST") else None)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _https(port: int, seconds: float) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection(HOST, port, timeout=seconds, context=_trusting())


def _trusting() -> ssl.SSLContext:
    """Whoever is there is believed: it is the server that must ask."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _grpc(port: int) -> Iterator[Served]:
    if _is_http2(_answer(port, HTTP2_PREFACE)):
        yield Served("gRPC", "its settings")


def _grpc_over_tls(port: int) -> Iterator[Served]:
    context = _trusting()
    context.set_alpn_protocols(["h2"])
    if _is_http2(_answer(port, HTTP2_PREFACE, context)):
        yield Served("gRPC over TLS", "its settings")


def _is_http2(answer: bytes) -> bool:
    """The first frame of an HTTP/2 server is its settings: length (3 bytes), type, …"""
    return len(answer) >= 9 and answer[3] == SETTINGS_FRAME


def _valkey(port: int) -> Iterator[Served]:
    for command in ("PING", "INFO", "CONFIG GET *", "KEYS *"):
        answer = _answer(port, f"{command}\r\n".encode())
        if answer[:1] in (b"+", b"$", b"*", b":"):
            yield Served("Valkey", f"{command} {answer[:40]!r}")


def _postgres(port: int) -> Iterator[Served]:
    for user in ("s3", "postgres"):
        parameters = f"user\0{user}\0database\0postgres\0\0".encode()
        answer = _answer(port, struct.pack("!ii", 8 + len(parameters), 3 << 16) + parameters)
        # R, length, 0: come in without a password.
        if answer[:1] == b"R" and struct.unpack("!i", answer[5:9])[0] == 0:
            yield Served("PostgreSQL", user)


def _answer(port: int, said: bytes, context: ssl.SSLContext | None = None) -> bytes:
    """The first that comes back; nothing when the connection is refused or closed."""
    try:
        with contextlib.ExitStack() as open_sockets:
            talk = open_sockets.enter_context(socket.create_connection((HOST, port), SECONDS))
            if context is not None:
                talk = open_sockets.enter_context(context.wrap_socket(talk))
            talk.sendall(said)
            return talk.recv(4096)
    except OSError:
        return b""


def names(served: Iterable[Served]) -> set[str]:
    return {f"{each.language}: {each.what}" for each in served}
