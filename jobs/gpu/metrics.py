"""What a GPU worker counts, over all its processes: each child writes into a file of its own, which
outlives it (`s3project/metrics/`)."""

from prometheus_client import Counter, Histogram

STAGES = (
    *("fetch", "decode", "recall", "segment", "light", "outline", "cut_out", "paints", "edit"),
    *("encode", "preview", "keep", "store"),
)
OUTCOMES = ("done", "failed", "refused")
REPORTS = ("claim", "callback")
# Told; refused for good; or given up after the last try, for the chunk to come again.
REPORT_ENDS = ("told", "refused", "given_up")

STAGE = Histogram(
    "s3_stage_seconds",
    "What a stage of a photo takes.",
    ["stage"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
PHOTOS = Counter("s3_photos", "Photos by what became of them.", ["outcome"])
REPEATED = Counter("s3_deliveries_repeated", "Callbacks and claims that were tried again.")
REPORTED = Histogram(
    "s3_report_seconds",
    "How long a claim or a callback takes, all its tries together.",
    ["kind", "outcome"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)

for stage in STAGES:
    STAGE.labels(stage)
for outcome in OUTCOMES:
    PHOTOS.labels(outcome)
for kind in REPORTS:
    for end in REPORT_ENDS:
        REPORTED.labels(kind, end)
