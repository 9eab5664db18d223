"""Which addresses may be sent to: those of the public Internet, and what the operator allows.

A receiver's owner chooses its address, so whatever only this installation can reach must be out of
it: its own networks, the metadata services of clouds, and every way to write one of them as
another kind of address.
"""

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA's special-purpose registry (RFC 6890), what is multicast or reserved, and the one public
# address that a cloud answers its guests at.
CLOSED_V4 = [
    IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24"),
        *("192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # Azure's host
    )
]
# Of IPv6 only what is given out as global unicast is open. So mapped, compatible, translated
# (NAT64), unique local, link-local and multicast addresses are out without being listed.
OPEN_V6 = IPv6Network("2000::/3")
CLOSED_V6 = [
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocols' own: Teredo, ORCHID, benchmarking
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address is in it
        "2620:4f:8000::/48",
        "3fff::/20",
    )
]


def may_be_sent_to(address: Address, allowed: Sequence[Network]) -> bool:
    """`allowed` are networks of the operator's choice. One that is an IPv4 address in disguise is
    what it is disguised as for nobody."""
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return False
    if any(address.version == network.version and address in network for network in allowed):
        return True
    if isinstance(address, IPv4Address):
        return not any(address in network for network in CLOSED_V4)
    return address in OPEN_V6 and not any(address in network for network in CLOSED_V6)


def read_address(text: str) -> Address | None:
    """An address as it is written without tricks; None for what is a name, or no address."""
    try:
        return ip_address(text)
    except ValueError:
        return None
