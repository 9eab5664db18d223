"""Webhooks are verified as the library of Standard Webhooks signs them."""

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook

from s3sets.errors import NotVerified
from s3sets.webhooks import verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
BODY = json.dumps({"type": "job.done", "data": {"job_id": "job_1"}}).encode()
NOW = 1_772_000_000


def headers(secret: str = SECRET, body: bytes = BODY, at: int = NOW) -> dict[str, str]:
    signed = Webhook(secret).sign("msg_1", datetime.fromtimestamp(at, UTC), body.decode())
    return {"Webhook-Id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signed}


def test_what_was_signed_with_the_secret_is_the_event() -> None:
    assert verify(SECRET, headers(), BODY, now=NOW + 299)["data"]["job_id"] == "job_1"


def test_while_a_secret_is_changed_either_signature_counts() -> None:
    said = headers()
    said["webhook-signature"] = f"{headers(OTHER)['webhook-signature']} {said['webhook-signature']}"

    assert verify(SECRET, said, BODY, now=NOW)["type"] == "job.done"


@pytest.mark.parametrize(
    ("said", "body", "now"),
    [
        (headers(OTHER), BODY, NOW),
        (headers(), BODY + b" ", NOW),
        (headers(), BODY, NOW + 301),
        (headers(), BODY, NOW - 301),
        ({**headers(), "Webhook-Id": "msg_2"}, BODY, NOW),
        ({**headers(), "webhook-timestamp": "soon"}, BODY, NOW),
        ({**headers(), "webhook-signature": "v1a,AAAA"}, BODY, NOW),
        ({**headers(), "webhook-signature": "v1,é"}, BODY, NOW),
        ({}, BODY, NOW),
    ],
)
def test_anything_else_is_not(said: dict[str, str], body: bytes, now: int) -> None:
    with pytest.raises(NotVerified):
        verify(SECRET, said, body, now=now)


def test_a_secret_that_is_none_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="whsec_"):
        verify("whsec_!", headers(), BODY, now=NOW)
