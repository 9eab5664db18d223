"""What an events process counts. It is one process, so its memory is the place."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry(auto_describe=False)

WATCHERS = Gauge("s3_watchers", "Open streams of events.", registry=REGISTRY)
WATCHED = Gauge("s3_watched_jobs", "Jobs that somebody watches.", registry=REGISTRY)
EVENTS = Counter(
    "s3_stream_events", "Events sent, over all watchers, by kind.", ["event"], registry=REGISTRY
)
CLOSED = Counter(
    "s3_streams_closed",
    "Streams by how they ended: end, gone (the client), slow, signed_out, deleted (the job).",
    ["reason"],
    registry=REGISTRY,
)
REFUSED = Counter(
    "s3_streams_refused", "Streams that were one too many.", ["limit"], registry=REGISTRY
)
READS = Counter("s3_stream_reads", "Jobs read from the database.", registry=REGISTRY)
MISSED = Counter(
    "s3_stream_hints_missed",
    "Changes that no hint told of, found by asking for the versions.",
    registry=REGISTRY,
)
DELAY = Histogram(
    "s3_stream_delay_seconds",
    "From the hint that a job has changed until its event was sent to a watcher.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
