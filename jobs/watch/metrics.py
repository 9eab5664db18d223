"""What operators watch, asked of the database at each scrape.

Every figure is a state, or what happened within the last hour, and is the same whichever web
process answers. What only a process sees, it counts itself (`s3project/metrics/`).
"""

import logging
from collections.abc import Iterable, Iterator
from typing import Any

import redis
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from kombu.transport.redis import Channel
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from jobs.delivery.fair_share import LEVELS
from jobs.delivery.publish import GPU_QUEUE, MAINTENANCE_QUEUE, PACKAGES_QUEUE
from jobs.watch.audit_checks import deadlines
from jobs.watch.metric_queries import QUERIES, Query

logger = logging.getLogger(__name__)


BY_NAME = {query.name: query for query in QUERIES}


def read(name: str) -> list[tuple[Any, ...]]:
    """The rows of labels and value that the metric of this name has now. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(BY_NAME[name].statement, deadlines())
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


class S3Collector(Collector):
    """Every sample of one scrape."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        yield from _from_database()
        yield from _from_broker()


def _from_database() -> Iterator[GaugeMetricFamily]:
    """Only that it is away, while it is: what processes count is told all the same."""
    answers = GaugeMetricFamily("s3_database_up", "Whether the database answers this process.")
    found: list[GaugeMetricFamily] = []
    try:
        for query in QUERIES:
            found.append(_family(query, read(query.name)))
    except (OperationalError, InterfaceError):
        logger.warning("the database is away: its figures are not in the metrics")
        answers.add_metric([], 0)
    else:
        answers.add_metric([], 1)
        yield from found
    yield answers


def _family(query: Query, rows: Iterable[tuple[Any, ...]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(query.name, query.text, labels=query.labels)
    missing = dict.fromkeys(query.known, 0.0)
    for *values, number in rows:
        family.add_metric(values, number)
        missing.pop("".join(values), None)
    for value, number in missing.items():
        family.add_metric([value], number)
    return family


def _from_broker() -> Iterator[GaugeMetricFamily]:
    """Nothing while the broker is away: the database's figures matter more."""
    family = GaugeMetricFamily(
        "s3_broker_messages", "Messages that wait for a worker.", labels=("queue",)
    )
    for queue, length in (broker_depth() or {}).items():
        family.add_metric([queue], length)
    yield family


def broker_depth() -> dict[str, int] | None:
    """Queue → messages that wait in it; None while the broker is away."""
    try:
        with redis.Redis.from_url(
            settings.CELERY_BROKER_URL, socket_connect_timeout=1, socket_timeout=1
        ) as broker:
            return queue_lengths(broker)
    except (redis.RedisError, ValueError):
        logger.warning("the broker does not answer: its queues are not in the metrics")
        return None


def queue_lengths(broker: redis.Redis) -> dict[str, int]:
    """Queue → messages that wait in it. Raises redis.RedisError."""
    lengths = {}
    for queue in (GPU_QUEUE, PACKAGES_QUEUE, MAINTENANCE_QUEUE):
        # Kombu's names: a list for each level of a queue, that of level 0 without a number.
        lists = [queue, *(f"{queue}{Channel.sep}{level}" for level in range(1, LEVELS))]
        lengths[queue] = sum(broker.llen(name) for name in lists)
    return lengths
