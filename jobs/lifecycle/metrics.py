"""What is counted of the workers' reports; of states and of work that is done the database tells
(`jobs/watch/metrics.py`)."""

from prometheus_client import Counter

from jobs.states import ItemStatus

GRANTED, REFUSED = "granted", "refused"
# `ignored`: it came again, or too late.
CHANGED, IGNORED = "changed", "ignored"

CLAIMED = Counter("s3_claimed_photos", "Photos that a worker asked for.", ["outcome"])
RESULTS = Counter("s3_results", "Results that workers reported.", ["status", "effect"])

for outcome in (GRANTED, REFUSED):
    CLAIMED.labels(outcome)
# Kept, since looking one up takes longer than counting.
_OF_RESULT = {
    (status.value, effect): RESULTS.labels(status.value, effect)
    for status in (ItemStatus.DONE, ItemStatus.FAILED)
    for effect in (CHANGED, IGNORED)
}


def count_claim(*, asked: int, granted: int) -> None:
    CLAIMED.labels(GRANTED).inc(granted)
    CLAIMED.labels(REFUSED).inc(asked - granted)


def count_result(status: str, *, processed: bool) -> None:
    _OF_RESULT[str(status), CHANGED if processed else IGNORED].inc()
