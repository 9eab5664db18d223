"""What counts as a body (contract §3.1): bad input is the client's mistake, never a crash."""

import pytest

from jobs.models import JobCoordinator
from s3project.testing.api import Answer, Api
from users.models import User
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

VALID = b'{"preset": "interior", "item_count": 1}'


def create_job(raw: bytes, content_type: str = "application/json") -> Answer:
    return api_of(make_user()).send("POST", "/jobs", raw, content_type=content_type)


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"nonsense",
        b'{"preset": "interior", "item_count": 1,}',
        b"{'preset': 'interior', 'item_count': 1}",
        VALID + b"x",
        VALID + VALID,
        b"[]",
        b'["preset"]',
        b'"preset"',
        b"1",
        b"true",
        b"null",
        b'{"preset": "interior", "item_count": NaN}',
        b'{"preset": "interior", "item_count": Infinity}',
        b'{"preset": "interior", "item_count": -Infinity}',
        b'{"preset": "interior", "item_count": 1, "item_count": 2}',
        b'{"preset": "\xff", "item_count": 1}',
        b'{"preset": "\xed\xa0\x80", "item_count": 1}',
        b"\xef\xbb\xbf" + VALID,
        VALID.decode().encode("utf-16"),
        VALID.decode().encode("utf-32-le"),
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"item_count": ' + b"9" * 10_000 + b"}",
        b"\x00",
        b'{"preset": "a\x00b", "item_count": 1}',
        b"preset=interior&item_count=1",
    ],
)
def test_what_is_not_one_json_object_is_refused_as_a_whole(raw: bytes) -> None:
    answer = create_job(raw)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert list(answer.error["details"]) == ["body"]
    assert JobCoordinator.objects.count() == 0


@pytest.mark.parametrize(
    ("preset", "item_count", "field"),
    [
        ('"interior"', "true", "item_count"),
        ('"interior"', "false", "item_count"),
        ('"interior"', '"3"', "item_count"),
        ('"interior"', "3.5", "item_count"),
        ('"interior"', "1e400", "item_count"),
        ('"interior"', "-1e400", "item_count"),
        ('"interior"', "9" * 300, "item_count"),
        ('"interior"', "0", "item_count"),
        ('"interior"', "-1", "item_count"),
        ('"interior"', "201", "item_count"),
        ('"interior"', "null", "item_count"),
        ('"interior"', "[3]", "item_count"),
        ('"interior"', "{}", "item_count"),
        ('"garden"', "1", "preset"),
        ('""', "1", "preset"),
        ("null", "1", "preset"),
        ("1", "1", "preset"),
        ("true", "1", "preset"),
        ('["interior"]', "1", "preset"),
        ('{"id": "interior"}', "1", "preset"),
        ('"interior\\u0000"', "1", "preset"),
        ('"\\ud800"', "1", "preset"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_name(
    preset: str, item_count: str, field: str
) -> None:
    answer = create_job(f'{{"preset": {preset}, "item_count": {item_count}}}'.encode())

    assert answer.refusal == (400, "VALIDATION_ERROR")
    details = answer.error["details"]
    assert list(details) == [field]
    assert all(isinstance(message, str) for message in details[field])
    assert JobCoordinator.objects.count() == 0


@pytest.mark.parametrize("raw", [b"", b"  \n", b"{}"])
def test_every_missing_field_is_named(raw: bytes) -> None:
    answer = create_job(raw)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert sorted(answer.error["details"]) == ["item_count", "preset"]


@pytest.mark.parametrize("item_count", ["3", "3.0", "3e0", "0.3e1"])
def test_a_whole_number_may_be_written_as_a_float(item_count: str) -> None:
    answer = create_job(f'{{"preset": "interior", "item_count": {item_count}}}'.encode())

    assert answer.data["total_items"] == 3


def test_unknown_keys_are_ignored_whatever_they_hold() -> None:
    raw = VALID[:-1] + b', "x": {"y": [null, "\\ud800", "\\u0000"]}, "user_id": "u_1"}'

    assert create_job(raw).status == 201


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data", "no/such; x"])
def test_the_content_type_does_not_matter(content_type: str) -> None:
    assert create_job(VALID, content_type=content_type).status == 201


@pytest.mark.parametrize("raw", [b"[", b"[]", b"null", b"\xff", b'{"device_hash": NaN}'])
def test_a_sign_up_with_a_bad_body_makes_no_user(raw: bytes) -> None:
    answer = Api().send("POST", "/auth/anon", raw)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert User.objects.count() == 0


@pytest.mark.parametrize("action", ["confirm-upload", "cancel"])
@pytest.mark.parametrize("raw", [b"no json", b"[" * 1000, b"\xff", b"x" * 2_000_000])
def test_where_no_body_is_needed_it_is_ignored(action: str, raw: bytes) -> None:
    api = api_of(make_user())
    job_id = api.send("POST", "/jobs", VALID).data["job_id"]

    assert api.send("POST", f"/jobs/{job_id}/{action}", raw).status == 200
