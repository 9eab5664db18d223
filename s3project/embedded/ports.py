"""Free TCP ports on 127.0.0.1."""

import random
import socket
from collections import deque

HOST = "127.0.0.1"
# Every port of SeaweedFS also opens port + 10000. Both halves lie below the ports systems hand
# out to outgoing connections (32768 and up), so that no connection takes one before it is bound.
FIRST, LAST = 12_000, 22_000
GRPC_OFFSET = 10_000
# Given away lately, and perhaps not bound yet: several engines choose before the first one starts.
_GIVEN: deque[int] = deque(maxlen=500)


def is_free(port: int) -> bool:
    """Whether nobody listens on `port`; connections still closing there do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):  # the latter: no port has that number
            return False
    return True


def free_ports(count: int) -> list[int]:
    """`count` different ports that are free, with port + 10000 free as well. This process is given
    none of them again soon."""
    candidates = random.sample(range(FIRST, LAST), LAST - FIRST)
    unknown = (port for port in candidates if port not in _GIVEN)
    free = (port for port in unknown if is_free(port) and is_free(port + GRPC_OFFSET))
    ports = [next(free) for _ in range(count)]
    _GIVEN.extend(ports)
    return ports


def free_port() -> int:
    return free_ports(1)[0]
