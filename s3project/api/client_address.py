"""Who is at the other end, as far as that can be trusted."""

import logging
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

logger = logging.getLogger(__name__)

# What one subscriber is usually given; counting single addresses of it would count nobody.
IPV6_PREFIX = 64
UNKNOWN = "unknown"


def client_network(request: HttpRequest) -> str:
    """The client's IPv4 address or IPv6 /64, as text: what is counted together."""
    address = client_address(request)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_PREFIX), strict=False))
    return str(address or UNKNOWN)


def client_address(request: HttpRequest) -> IPv4Address | IPv6Address | None:
    """The client's address; None where not even the peer's is known.

    X-Forwarded-For counts only with TRUSTED_PROXIES = n > 0, the number of our own proxies: each
    appends who called it, so the client is the n-th entry from the right, and what stands left of
    it was written by the client. A header too short to have passed all n is not believed at all.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    proxies = settings.TRUSTED_PROXIES
    if not proxies:
        if "HTTP_X_FORWARDED_FOR" in request.META:
            _warn_of_proxy()
        return _address(peer)
    entries = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    forwarded = entries[-proxies] if len(entries) >= proxies else ""
    return _address(forwarded) or _address(peer)


@cache
def _warn_of_proxy() -> None:
    """Once in each process."""
    logger.warning(
        "a request came with X-Forwarded-For, which TRUSTED_PROXIES=0 ignores: behind a proxy set "
        "it to 1, or all clients are counted as one"
    )


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """None when the text is no address. Some proxies append the port."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
