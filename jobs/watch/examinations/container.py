"""Addresses that mean another place inside a container: `localhost` of the machine."""

import os
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from jobs.watch.examinations.diagnosis import Diagnosis, State

# Of Docker, and of Podman and CRI-O; Kubernetes sets the variable.
MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
VARIABLE = "KUBERNETES_SERVICE_HOST"


def in_container() -> bool:
    return VARIABLE in os.environ or any(mark.exists() for mark in MARKS)


def is_of_the_machine(address: str) -> bool:
    """Whether it was not reached because it is the machine's own, and this is a container."""
    return in_container() and _is_loopback(urlsplit(address).hostname or "")


def unseen(part: str, names: str, address: str) -> Iterator[Diagnosis]:
    """What is said of an address of the machine; `names` are the settings that have it."""
    url = urlsplit(address)
    # Without a user and a password.
    origin = f"{url.scheme}://{url.netloc.rpartition('@')[2]}"
    found = f"{origin} was not looked at: inside a container it is the container, not the machine"
    hint = (
        f"try it on the machine (curl -i {origin}); for clients elsewhere {names} must have its "
        "domain or address"
    )
    yield Diagnosis(part, State.UNKNOWN, found, hint)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
