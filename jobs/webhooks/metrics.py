"""What is counted of webhooks; how many wait, and since when, the database tells
(`jobs/watch/metrics.py`)."""

from prometheus_client import Counter, Histogram

# `too_late`: the lease had ended, or the delivery was deleted; it counts for nothing.
DELIVERED, TRY_AGAIN, GIVEN_UP, TOO_LATE = "delivered", "try_again", "given_up", "too_late"

TRIES = Counter("s3_webhook_tries", "Tries to send an event, by what came of them.", ["outcome"])
SECONDS = Histogram(
    "s3_webhook_seconds",
    "How long a receiver takes, or is waited for.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
)
AGE = Histogram(
    "s3_webhook_age_seconds",
    "How old an event is when its receiver has taken it.",
    buckets=(0.5, 1, 2.5, 5, 15, 60, 300, 1800, 7200, 43200, 172800),
)

for outcome in (DELIVERED, TRY_AGAIN, GIVEN_UP, TOO_LATE):
    TRIES.labels(outcome)
