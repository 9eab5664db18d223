"""The schema of GET /health and GET /ready."""

from s3project import __version__
from s3project.api.health import HealthView
from s3project.api.readiness import ReadyView
from s3project.openapi.operation import Operation, describe
from s3project.openapi.shapes import TIMESTAMP, closed, constant, shape, text

PART = constant("ready")
VERSION = text("Of the server, as in the changelog.")

describe(
    HealthView,
    get=Operation(
        id="health",
        tag="Probes",
        caller="anyone",
        rate_limited=False,
        needs_nothing=True,
        summary="Does this process answer?",
        description="Asks no other part.",
        answer="Health",
        data=shape(
            "Health",
            closed({"status": constant("healthy"), "version": VERSION, "timestamp": TIMESTAMP}),
        ),
        example={
            "status": "healthy",
            "version": __version__,
            "timestamp": "2026-02-26T08:00:00.000Z",
        },
    ),
)

describe(
    ReadyView,
    get=Operation(
        id="ready",
        tag="Probes",
        caller="anyone",
        rate_limited=False,
        summary="Does this process reach what it needs?",
        description="Database, broker and storage; 503 with the state of each part when one is "
        "away. An answer is at most 1 second old.",
        answer="Readiness",
        data=shape(
            "Readiness",
            closed(
                {
                    "status": PART,
                    "parts": closed({"database": PART, "broker": PART, "storage": PART}),
                }
            ),
        ),
        example={
            "status": "ready",
            "parts": {"database": "ready", "broker": "ready", "storage": "ready"},
        },
    ),
)
