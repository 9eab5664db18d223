"""The outermost layer: a request gets its id, is counted, and where it changes something is told
of in the log."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from s3project import ids
from s3project.api.access import note_address, note_answer
from s3project.api.headers import laid_in, lay
from s3project.logs.context import request_id, work
from s3project.telemetry.traces import request_span

REQUEST_ID = "X-Request-ID"


class RequestIdMiddleware:
    """Outermost, so that even an error page of the layers below carries the id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        with work(ids.new_request_id()), request_span(request):
            response = self.get_response(request)
            lay(response, REQUEST_ID, request_id.get())
            # Without it the server would send every answer in chunks.
            if not response.streaming and "content-length" not in laid_in(response):
                lay(response, "Content-Length", str(len(response.content)))
            note_answer(request, response.status_code, time.perf_counter() - started)
            return response

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> None:
        note_address(kwargs)
