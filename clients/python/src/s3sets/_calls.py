"""A request and its answer, without a network: what is sent, what is safe to repeat, what came."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from s3sets.errors import BY_CODE, ApiError, NotFound, NotTheApi

T = TypeVar("T")
# An answer that has an effect only if it is repeated is worth a key; reading is always safe.
READING = frozenset({"GET", "HEAD"})
SAME_EFFECT = READING | {"PUT", "PATCH", "DELETE"}


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `key` is its Idempotency-Key; `body` the JSON text.

    `harmless` says of a POST without a key that doing it twice is as good as once. `if_gone` is
    what a removal answers when an earlier try of it, whose answer got lost, has removed the thing;
    `ends_access` says that the token or key of this side may be what it removes.
    """

    method: str
    path: str
    body: bytes | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None
    signed_in: bool = True
    harmless: bool = False
    etag: str | None = None
    if_gone: Mapping[str, Any] | None = None
    ends_access: bool = False

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be sent again when nobody knows if it had its effect."""
        return self.key is not None or self.harmless or self.method in SAME_EFFECT

    def headers(self, token: str | None) -> dict[str, str]:
        said = {"Accept": "application/json"}
        if self.body is not None:
            said["Content-Type"] = "application/json"
        if self.key is not None:
            said["Idempotency-Key"] = self.key
        if self.etag is not None:
            said["If-None-Match"] = self.etag
        if token is not None and self.signed_in:
            said["Authorization"] = f"Bearer {token}"
        return said


@dataclass(slots=True)
class Tries:
    """What is known of the tries of one request: whether one may have had its effect."""

    maybe_done: bool = False

    def have_done(self, call: Call, error: ApiError, *, was_let_in: bool) -> bool:
        """Whether this refusal means that an earlier try has removed what is to be removed.

        `was_let_in`: whether the token or key was good before.
        """
        if call.if_gone is None or not self.maybe_done:
            return False
        if isinstance(error, NotFound):
            return True
        return call.ends_access and was_let_in and error.code == "TOKEN_INVALID"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an API answered. `data` is None where nothing has changed (304)."""

    status: int
    data: Any
    next_cursor: str | None = None
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list. `next_cursor` leads to the next one, and is None on the last."""

    items: list[T]
    next_cursor: str | None


def new_key() -> str:
    """An Idempotency-Key that nobody has used."""
    return uuid.uuid4().hex


def to_json(body: Mapping[str, Any]) -> bytes:
    """The body's text: the same one for the same content, as an Idempotency-Key needs it."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def given(**fields: Any) -> dict[str, Any]:
    """Those of the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def query(**fields: Any) -> dict[str, str]:
    """Those that are not None, as text; several values with commas."""
    return {
        name: ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        for name, value in fields.items()
        if value is not None
    }


def read_answer(status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    """Raises ApiError of the code that the envelope says, or NotTheApi."""
    etag = headers.get("etag")
    if status == 304:
        return Answer(status, None, etag=etag)
    try:
        envelope = json.loads(content)
        success, meta = envelope["success"], envelope.get("meta") or {}
        if success:
            return Answer(status, envelope["data"], meta.get("next_cursor"), etag)
        error = envelope["error"]
        code, message = str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _no_envelope(status, headers) from None
    raise BY_CODE.get(code, ApiError)(
        code=code,
        message=message,
        status=status,
        details=error.get("details"),
        request_id=meta.get("request_id"),
        retry_after=read_retry_after(headers),
    )


def _no_envelope(status: int, headers: Mapping[str, str]) -> Exception:
    """A proxy's own page about a server that is away is worth another try, anything else is not."""
    if status in (429, 502, 503, 504):
        code = "RATE_LIMITED" if status == 429 else "UNAVAILABLE"
        return BY_CODE[code](
            code=code,
            message=f"A proxy on the way answered {status}.",
            status=status,
            retry_after=read_retry_after(headers),
        )
    return NotTheApi(f"The answer ({status}) is not one of this API. Is the address right?")


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds. (A date, which HTTP allows too, our API never says: it counts as nothing said.)"""
    try:
        return max(0.0, float(headers["retry-after"]))
    except (KeyError, ValueError):
        return None
