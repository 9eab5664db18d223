"""What is taken out of a line, and what is left."""

import pytest

from jobs.models.webhook import SECRET_PREFIX
from jobs.worker_tokens import PREFIX as TOKEN_PREFIX
from s3project.logs.redaction import KINDS, Redaction, passwords_of
from users.models.api_key import KEY_PREFIX
from users.models.invite import INVITE_PREFIX
from users.models.session import REFRESH_PREFIX

SAFE = Redaction([])
LONG = "abcDEF0123456789_-abcDEF0123456789"
PRESIGNED = (
    "http://s3:8333/s3-images/inputs/u_1/job_2/0000?response-content-disposition=inline"
    "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20261126%2Fus-east-1"
    "&X-Amz-Date=20261126T010203Z&X-Amz-Signature=0f3c9ab1"
)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        (f"GET {PRESIGNED} failed", None),
        (f"url: /a?X-Amz-Signature={'0' * 64} (Caused by …)", "url: /a[…] (Caused by …)"),
        ("/a?AWSAccessKeyId=x&Signature=bmlj%2FZQ%3D&Expires=1", None),
        ("token eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl.", "token […]."),
        (f"{TOKEN_PREFIX}WyJqb2Jf.bWFj: unknown", "[…]: unknown"),
        (f"{REFRESH_PREFIX}{LONG} is spent", "[…] is spent"),
        (f"key={KEY_PREFIX}{LONG}", "key=[…]"),
        (f"invite {INVITE_PREFIX}{LONG}", "invite […]"),
        (f"secret {SECRET_PREFIX}{LONG}=", "secret […]"),
        ("postgresql://s3:pass-word@db:5432/s3 is away", "postgresql://[…]@db:5432/s3 is away"),
        ("{'Authorization': 'Bearer abcdefghij'}", "{'Authorization': 'Bearer […]'}"),
    ],
)
def test_what_opens_something_is_taken_out(text: str, safe: str | None) -> None:
    written = SAFE(text)

    if safe is None:
        assert "[…]" in written
        assert "0f3c9ab1" not in written
        assert "bmlj" not in written
    else:
        assert written == safe


@pytest.mark.parametrize(
    "text",
    [
        "photo done in 1.20 s: 800x600",
        "http://web:8000/jobs/job_019ba9c9f1007dc68da4e43c570d4b19/callback: status 503",
        "start_rt_x wt_x s3k_ whsec_",
        "a bearer of news",
    ],
)
def test_the_rest_is_as_it_was(text: str) -> None:
    assert SAFE(text) == text


def test_every_kind_begins_with_what_is_looked_for() -> None:
    """Or a line with it would not be searched."""
    assert {TOKEN_PREFIX, REFRESH_PREFIX, KEY_PREFIX, INVITE_PREFIX, SECRET_PREFIX} <= set(KINDS)


def test_secrets_are_taken_out_whole_also_where_one_is_a_part_of_another() -> None:
    safe = Redaction(["abcdefgh", "abcdefghijkl", "short"])

    assert safe("it is abcdefghijkl, abcdefgh and short") == "it is […], […] and short"


def test_passwords_are_found_as_they_are_written_and_as_they_are_meant() -> None:
    found = passwords_of(["redis://web:a%2Fb@host:1/0", "postgresql://s3@host/s3", ""])

    assert found == {"a%2Fb", "a/b"}
