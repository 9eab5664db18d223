"""Public identifiers: a prefix and the 32 hex digits of a time-ordered UUID (contract §1.1)."""

import re
from typing import Annotated
from uuid import UUID

from uuid_utils import uuid4
from uuid_utils.compat import uuid7

from s3project.schema import Schema

HEX32 = re.compile(r"[0-9a-f]{32}")
BEGINNING = re.compile(r"[0-9a-f]{1,32}")

USER = "u"
JOB = "job"
RULE = "rule"
EVENT = "event"
ACT = "act"
KEY = "key"
WEBHOOK = "wh"
DELIVERY = "msg"


def _schema(prefix: str, hex32: str) -> Schema:
    return Schema(pattern=f"^{prefix}_[0-9a-f]{{32}}$", example=f"{prefix}_{hex32}")


UserId = Annotated[str, _schema(USER, "019ba9c9f1007dc68da4e43c5704bb19")]
JobId = Annotated[str, _schema(JOB, "019ba9c9f1007dc68da4e43c570d4b19")]
RuleId = Annotated[str, _schema(RULE, "019ba9c9f1007dc68da4e43c57114b19")]
EventId = Annotated[str, _schema(EVENT, "019ba9c9f1007dc68da4e43c57aa1b19")]
KeyId = Annotated[str, _schema(KEY, "019ba9c9f1007dc68da4e43c58011b19")]
WebhookId = Annotated[str, _schema(WEBHOOK, "019ba9c9f1007dc68da4e43c58a31b19")]
DeliveryId = Annotated[str, _schema(DELIVERY, "019ba9c9f1007dc68da4e43c58b71b19")]


def new_request_id() -> str:
    """A random UUID as text (RFC 9562 §5.4)."""
    return str(uuid4())


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562 §5.7): rows made together lie together in the index."""
    return uuid7()


def public_id(prefix: str, key: UUID) -> str:
    """`job_…` and its like, as clients see them."""
    return f"{prefix}_{key.hex}"


def beginning_with(prefix: str, text: str) -> tuple[UUID, UUID] | None:
    """The first and the last key whose public id begins with the text, which has some digits. None
    when no id of that kind begins so.
    """
    head, _, digits = text.partition("_")
    if head != prefix or not BEGINNING.fullmatch(digits):
        return None
    return UUID(hex=digits.ljust(32, "0")), UUID(hex=digits.ljust(32, "f"))


def parse_public_id(prefix: str, text: str) -> UUID | None:
    """The key behind a public id, or None when the text is no id of that kind."""
    head, _, digits = text.partition("_")
    if head != prefix or not HEX32.fullmatch(digits):
        return None
    return UUID(hex=digits)
