"""`GET /metrics`, in the text format of Prometheus: no envelope, like the pages for people."""

import logging

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from jobs.watch.metrics import S3Collector
from s3project.api.bearer import bears_one_of

logger = logging.getLogger(__name__)

REGISTRY = CollectorRegistry(auto_describe=False)
REGISTRY.register(S3Collector())


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """An unknown address unless METRICS_TOKEN is set and sent as a bearer token."""
    if not bears_one_of(request, settings.METRICS_TOKENS):
        raise Http404
    try:
        text = generate_latest(REGISTRY)
    except (OperationalError, InterfaceError):
        logger.warning("the database is away: no metrics")
        return HttpResponse(status=503, headers={"Retry-After": "5"})
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)
