"""The URL of an endpoint, taken apart once, strictly: whatever two readers of a URL could read
differently is refused.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address
from urllib.parse import urlsplit

from jobs.webhooks.addresses import Address, Network, may_be_sent_to, read_address

PRINTABLE = re.compile(r"[!-~]+")
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
# A host whose last label is a number is taken for an IPv4 address by some (WHATWG URL, 3.5).
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
LONGEST_NAME = 253
PORTS = {"http": 80, "https": 443}


class BadTarget(ValueError):
    """What is wrong with a URL, for its owner."""


@dataclass(frozen=True)
class Target:
    """`address` where the host is none that must be asked for. `path` has the query."""

    scheme: str
    host: str
    port: int
    path: str
    address: Address | None

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def read_target(url: str, *, allow_http: bool, allowed: Sequence[Network]) -> Target:
    """Raises BadTarget, with the reason as a sentence."""
    if not PRINTABLE.fullmatch(url) or "\\" in url:
        raise BadTarget("Must be ASCII without blanks: write other names as xn--…, paths as %….")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadTarget("Must be a URL like https://shop.example.com/hooks.") from None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise BadTarget("Must be a URL like https://shop.example.com/hooks.")
    if parts.scheme == "http" and not allow_http:
        raise BadTarget("Must begin with https://.")
    if "@" in parts.netloc:
        raise BadTarget("Must not have a user or a password: the signature says who sends.")
    if parts.fragment or url.endswith("#"):
        raise BadTarget("Must not have a fragment (#).")
    if port == 0:
        raise BadTarget("The port must be from 1 to 65535.")
    host = parts.hostname
    address = _address_of(host, bracketed=parts.netloc.startswith("["))
    if address is not None and not may_be_sent_to(address, allowed):
        raise BadTarget("Must lead to a public address.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or PORTS[parts.scheme], path, address)


def _address_of(host: str, *, bracketed: bool) -> Address | None:
    """None for a name. Raises BadTarget for what is neither."""
    address = read_address(host)
    if address is not None and isinstance(address, IPv6Address) == bracketed:
        return address
    labels = host.split(".")
    is_name = len(host) <= LONGEST_NAME and all(map(LABEL.fullmatch, labels))
    if bracketed or not is_name or NUMBER.fullmatch(labels[-1]):
        raise BadTarget("The host must be a name, or an address like 203.0.113.7 or [2001:db8::7].")
    return None
