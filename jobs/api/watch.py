"""`GET /jobs/{id}/events`: who may watch a job, and what the events process takes over.

Here a request for a stream is admitted, as any other request is: the same middleware, errors and
limits. What follows is the events process's (`jobs/stream/`). In a web process, where every stream
would hold a thread, the answer is what there is to say now, and its end: a browser comes again.
"""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.job_shapes import job_out, watched_facts
from jobs.api.watch_events import (
    MEDIA_TYPE,
    SNAPSHOT,
    WatchEventOut,
    end_frame,
    end_id,
    frame,
    has_ended,
    retry_after,
    version_id,
)
from jobs.errors import JobNotFound, WatcherLimit
from jobs.lifecycle import selectors
from jobs.lifecycle.line import LINE
from jobs.tickets import PREFIX, read_ticket
from s3project import ids
from s3project.api.answers import Streamed
from s3project.api.operation import Operation
from s3project.api.views import ApiView
from s3project.ids import JobId
from s3project.schema import Schema
from users.api.auth import TokenAuthentication, current_credential, current_user
from users.credentials import Credential, ended
from users.errors import TokenExpired, TokenInvalid
from users.models import User
from users.models.api_key import KeyHolder
from users.tokens import AccessToken

TicketParameter = Annotated[str, Schema("Of `events_url`, instead of a token.")]
# A web process is asked again after so long; it is a poll then.
POLL_MILLISECONDS = 3000
# Not kept by anybody, and by no proxy until there is more of it.
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
# The key of META that says that this process streams.
STREAMS = "s3.streams"
TICKET_EXPIRED = "The ticket has expired: take events_url from a new answer of GET /jobs/{job_id}."
TICKET_WRONG = "The ticket is damaged, signed out, or for another job: GET /jobs/{job_id} has one."


@dataclass(frozen=True, slots=True)
class Opening:
    """What was admitted. `last_event_id` is what the client has heard already."""

    job_id: UUID
    watcher: Credential
    last_event_id: str


class OpenedStream(HttpResponse):
    """The head of an answer whose body is the events process's business."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(content_type=MEDIA_TYPE)
        self.opening = opening


class WatcherAuthentication(TokenAuthentication):
    """A ticket in the address, or else a token as everywhere. One query."""

    def authenticate(self, request: Request) -> tuple[User, AccessToken | KeyHolder | Credential]:
        text = request.query_params.get("ticket")
        if text is None:
            return super().authenticate(request)
        if not text.startswith(PREFIX):
            raise TokenInvalid(TICKET_WRONG)
        ticket = read_ticket(text, keys=settings.TICKET_KEYS)
        job_id = request.parser_context["kwargs"]["job_id"]
        if ticket is None or ids.public_id(ids.JOB, ticket.job_id) != job_id:
            raise TokenInvalid(TICKET_WRONG)
        if ticket.has_expired:
            raise TokenExpired(TICKET_EXPIRED)
        watcher = Credential(ticket.user_id, ticket.session_id, ticket.key_id)
        if ended([watcher]):
            raise TokenInvalid(TICKET_WRONG)
        return User(id=watcher.user_id), watcher


class WatchView(ApiView):
    tag = "Jobs"
    authentication_classes = (WatcherAuthentication,)

    @Operation(
        "watch_job",
        query={"ticket": TicketParameter},
        headers=["Cache-Control"],
        errors=[JobNotFound, WatcherLimit],
        result="Events as they happen.",
    )
    def get(self, request: Request, job_id: JobId) -> Streamed[WatchEventOut] | HttpResponse:
        """Watch a job

        Server-sent events, until nothing is to come any more: `snapshot` on connection, which is
        what `GET /jobs/{job_id}` says; then `item`, `job` and `package` with what has changed;
        `end` at the end. Several changes may be one event: there are five a second at most. A
        comment every 15 seconds shows that the line is open.

        `events_url` of the job opens it without a header, for EventSource. Who comes again with
        the `Last-Event-ID` of what is so still gets no snapshot. At most 60 streams of one user
        are open at once.
        """
        user_id, watcher = current_user(request).id, current_credential(request)
        key = ids.parse_public_id(ids.JOB, job_id)
        heard = request.headers.get("Last-Event-ID", "")
        version = version_id(selectors.get_job_state(user_id=user_id, job_id=key))
        assert key is not None, "there is no such job"
        if heard == end_id(version):
            # The status that a browser takes for: do not come again.
            return Response(status=204)
        opening = Opening(key, watcher, heard)
        streams = STREAMS in request.META
        answer = OpenedStream(opening) if streams else _said_at_once(opening)
        for name, value in HEADERS.items():
            answer.headers[name] = value
        return answer


def _said_at_once(opening: Opening) -> HttpResponse:
    view = selectors.get_job(user_id=opening.watcher.user_id, job_id=opening.job_id)
    place = LINE.place_of(view.job.id) if view.job.is_in_work else None
    facts, version = watched_facts(view, place), version_id(view.state)
    body = retry_after(POLL_MILLISECONDS)
    if opening.last_event_id != version:
        body += frame(SNAPSHOT, job_out(facts, view, opening.watcher), version)
    if has_ended(facts):
        body += end_frame(facts, version)
    return HttpResponse(body, content_type=MEDIA_TYPE)
