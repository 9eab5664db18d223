"""What is counted of the messages to workers."""

from prometheus_client import Counter, Histogram

SENT, BROKER_AWAY = "sent", "broker_away"

CHUNKS = Counter("s3_chunks_dispatched", "Chunks of photos by what became of them.", ["outcome"])
PHOTOS = Counter("s3_photos_dispatched", "Photos in messages to workers, those sent again too.")
SECONDS = Histogram(
    "s3_dispatch_seconds",
    "How long it takes to send what is to be sent of one job.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)

for outcome in (SENT, BROKER_AWAY):
    CHUNKS.labels(outcome)
