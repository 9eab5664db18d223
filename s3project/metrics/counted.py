"""All that the processes of this server have counted, in the text format of Prometheus."""

import os

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from s3project.metrics.folder import VARIABLE


def counted() -> bytes:
    """Of this process alone where no folder is shared."""
    return generate_latest(registry())


def registry() -> CollectorRegistry:
    """What `counted` writes out, for whoever serves it by other means."""
    if not os.environ.get(VARIABLE):
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]  # typed in part
    return shared
