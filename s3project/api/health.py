"""`GET /health`: this process answers. It asks no other part, so that it never blocks."""

from datetime import UTC, datetime

from rest_framework.request import Request
from rest_framework.response import Response

from s3project import __version__
from s3project.api.envelope import timestamp
from s3project.api.views import ApiView


class HealthView(ApiView):
    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request) -> Response:
        now = timestamp(datetime.now(UTC))
        return Response({"status": "healthy", "version": __version__, "timestamp": now})
