"""`GET /health`: this process answers. It asks no other part, so that it never blocks."""

from datetime import UTC, datetime
from typing import Annotated, Literal, TypedDict

from rest_framework.request import Request

from s3project import __version__
from s3project.api.answers import Answer
from s3project.api.envelope import Timestamp, timestamp
from s3project.api.operation import Operation
from s3project.api.views import ApiView
from s3project.schema import Schema


class HealthOut(TypedDict):
    status: Literal["healthy"]
    version: Annotated[str, Schema("Of the server, as in the changelog.", example="0.2.0")]
    timestamp: Timestamp


class HealthView(ApiView):
    tag = "Probes"
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    @Operation("health", needs_nothing=True)
    def get(self, request: Request) -> Answer[HealthOut]:
        """Does this process answer?

        Asks no other part.
        """
        now = timestamp(datetime.now(UTC))
        return Answer({"status": "healthy", "version": __version__, "timestamp": now})
