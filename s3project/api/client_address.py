"""Who is at the other end, as far as that can be trusted."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

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
        return _address(peer)
    entries = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    forwarded = entries[-proxies] if len(entries) >= proxies else ""
    return _address(forwarded) or _address(peer)


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
