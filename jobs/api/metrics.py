"""`GET /metrics`, in the text format of Prometheus: no envelope, like the pages for people."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from jobs.watch.metrics import S3Collector
from s3project.api.bearer import bears_one_of
from s3project.metrics.counted import counted

STATES = CollectorRegistry(auto_describe=False)
STATES.register(S3Collector())


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """An unknown address unless METRICS_TOKEN is set and sent as a bearer token."""
    if not bears_one_of(request, settings.METRICS_TOKENS):
        raise Http404
    return HttpResponse(generate_latest(STATES) + counted(), content_type=CONTENT_TYPE_LATEST)
