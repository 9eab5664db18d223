"""What a stream of events looks like on the wire: `text/event-stream` (server-sent events)."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypedDict

from jobs.api.job_shapes import WatchedFacts
from jobs.states import FINISHED
from s3project.api.envelope import encode
from s3project.schema import Schema

MEDIA_TYPE: Final = "text/event-stream"
SNAPSHOT, ITEM, JOB, PACKAGE, END = EVENT_NAMES = ("snapshot", "item", "job", "package", "end")
COMMENT: Final = b": still here\n\n"
# What the id of `end` has after the version: who says it has heard the end.
_ENDED = ".end"


class WatchEventOut(TypedDict):
    """One of a stream."""

    event: Annotated[str, Schema(enum=list(EVENT_NAMES), example=SNAPSHOT)]
    id: Annotated[
        str,
        Schema(
            "The version of the job. Send it as `Last-Event-ID` when you come again.",
            pattern=r"^[0-9a-f]{24}([.]end)?$",
            example="4f1c0a7be2d35e9a61c07b14",
        ),
    ]
    data: Annotated[
        str,
        Schema(
            "JSON: of `snapshot` what `GET /jobs/{job_id}` answers, of the others what changed.",
            contentMediaType="application/json",
            example='{"job_id":"job_019ba9c9f1007dc68da4e43c570d4b19","status":"running"}',
        ),
    ]


def version_id(state: str) -> str:
    """The id of events: of `selectors.get_job_states`."""
    return hashlib.blake2b(state.encode(), digest_size=12).hexdigest()


def end_id(version: str) -> str:
    return version + _ENDED


def frame(event: str, data: Mapping[str, Any], event_id: str) -> bytes:
    """One event. JSON has no line breaks outside of its strings, and in them they are escaped."""
    return b"event: %b\nid: %b\ndata: %b\n\n" % (event.encode(), event_id.encode(), encode(data))


def retry_after(milliseconds: int) -> bytes:
    """How long a browser waits before it comes again."""
    return b"retry: %d\n\n" % milliseconds


def end_frame(facts: WatchedFacts, version: str) -> bytes:
    return frame(END, {"status": facts["status"]}, end_id(version))


def has_ended(facts: Mapping[str, Any]) -> bool:
    """Whether nothing is to come: the job is finished and none of its packages is in work."""
    packages = facts.get("packages") or ()
    return facts["status"] in FINISHED and all(one["status"] != "pending" for one in packages)
