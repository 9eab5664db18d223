"""One POST to a receiver whom nobody here knows: to an address that was checked, within a time that
nothing it does can stretch, and without reading more than a little of what it says.
"""

import http.client
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache

from jobs.models.webhook_delivery import MAX_BODY
from jobs.webhooks.addresses import Address, Network, may_be_sent_to, read_address
from jobs.webhooks.target import Target
from s3project import __version__

TIMEOUT_SECONDS = 10.0
USER_AGENT = f"S3-Webhooks/{__version__}"


class NotSent(Exception):
    """Why there was no answer, for the endpoint's owner: nothing about our side is in it."""


NO_TIME = "no answer within 10 seconds"
NO_ADDRESS = "the host has no public address"


@dataclass(frozen=True)
class Answer:
    """What a receiver said: its status, and at most MAX_BODY characters of its body."""

    status: int
    body: str


class Deadline:
    """Until when everything must be over; at that moment the connection is cut off, whoever waits
    for it."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """In seconds. Raises NotSent when there is nothing left."""
        seconds = self._ends - time.monotonic()
        if seconds <= 0:
            raise NotSent(NO_TIME)
        return seconds

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._ends

    @contextmanager
    def cuts(self, connection: socket.socket) -> Iterator[None]:
        """A timeout of a socket is that of one read: a byte now and then would pass for ever."""
        # Of its own: TLS takes the other one over, and what is cut off is the connection itself.
        line = socket.socket(fileno=os.dup(connection.fileno()))
        timer = threading.Timer(self.left, _cut, [line])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            line.close()


def _cut(line: socket.socket) -> None:
    with suppress(OSError):  # it may be over by itself
        line.shutdown(socket.SHUT_RDWR)


def post(
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allowed: Sequence[Network] = (),
    seconds: float = TIMEOUT_SECONDS,
) -> Answer:
    """Raises NotSent. No redirect is followed, no proxy is asked, no cookie is kept."""
    deadline = Deadline(seconds)
    addresses = checked_addresses(target, allowed, deadline)
    try:
        with _connected(addresses, target.port, deadline) as line, deadline.cuts(line):
            return _exchange(line, target, body, headers, deadline)
    except http.client.HTTPException as error:
        raise NotSent(NO_TIME if deadline.is_over else "the answer was no HTTP") from error
    except OSError as error:
        timed_out = isinstance(error, TimeoutError) or deadline.is_over
        raise NotSent(NO_TIME if timed_out else "the connection was closed") from error


def checked_addresses(
    target: Target, allowed: Sequence[Network], deadline: Deadline
) -> list[Address]:
    """Where the host is, asked once: what is connected to is what was checked. Of a host that
    leads to both sides neither is trusted. Raises NotSent."""
    if target.address is not None:
        found: list[Address] = [target.address]
    else:
        found = _resolved(target.host, deadline)
    if not found or not all(may_be_sent_to(address, allowed) for address in found):
        raise NotSent(NO_ADDRESS)
    return found


def _resolved(host: str, deadline: Deadline) -> list[Address]:
    """Beside, since a resolver knows no deadline: one that hangs is left to itself."""
    answers: list[list[str]] = []

    def ask() -> None:
        with suppress(OSError, UnicodeError):
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            answers.append([str(sockaddr[0]) for *_, sockaddr in found])

    asking = threading.Thread(target=ask, name="webhook-resolver", daemon=True)
    asking.start()
    asking.join(deadline.left)
    if asking.is_alive():
        raise NotSent(NO_TIME)
    texts = dict.fromkeys(answers[0] if answers else ())
    addresses = [read_address(text) for text in texts]
    if None in addresses:
        raise NotSent(NO_ADDRESS)
    return [address for address in addresses if address is not None]


@contextmanager
def _connected(
    addresses: Sequence[Address], port: int, deadline: Deadline
) -> Iterator[socket.socket]:
    """To the first address that answers. Each has its share of the time."""
    for place, address in enumerate(addresses, start=1):
        share = deadline.left / (len(addresses) - place + 1)
        try:
            line = socket.create_connection((str(address), port), timeout=share)
        except OSError:
            continue
        with line:
            yield line
        return
    raise NotSent(NO_TIME if deadline.is_over else "no connection could be made")


def _exchange(
    line: socket.socket,
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    deadline: Deadline,
) -> Answer:
    line.settimeout(deadline.left)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if target.scheme == "https":
        try:
            line = tls().wrap_socket(line, server_hostname=target.host)
        except ssl.SSLError as error:
            text = "its certificate does not hold" if _is_doubted(error) else "TLS failed"
            raise NotSent(NO_TIME if deadline.is_over else text) from error
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = line
    try:
        connection.request(
            "POST",
            target.path,
            body=body,
            headers={
                "Host": target.host_header,
                "User-Agent": USER_AGENT,
                "Content-Type": "application/json",
                "Connection": "close",
                **headers,
            },
        )
        with connection.getresponse() as response:
            # A head that was cut off looks like one that has ended.
            if deadline.is_over:
                raise NotSent(NO_TIME)
            return Answer(response.status, _beginning(response))
    finally:
        connection.close()


@cache
def tls() -> ssl.SSLContext:
    """Made once: reading the authorities that are trusted takes longer than a handshake."""
    return ssl.create_default_context()


def _is_doubted(error: ssl.SSLError) -> bool:
    return isinstance(error, ssl.SSLCertVerificationError)


def _beginning(response: http.client.HTTPResponse) -> str:
    """The status is the answer: a body that breaks off, or never ends, changes nothing about it."""
    said = b""
    with suppress(OSError, http.client.HTTPException, ValueError):
        while len(said) < MAX_BODY and (part := response.read1(MAX_BODY - len(said))):
            said += part
    return said.decode(errors="replace").replace("\0", "\ufffd")
