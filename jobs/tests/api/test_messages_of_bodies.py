"""What is said of a body that is no JSON object
(contract §3.1).
"""

import gzip

import pytest

from jobs.tests.api.messages import refused, told
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

PHOTO = "The body is a photo: send JSON here, and PUT the photo to its upload URL."


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (
            b'{"preset": "interior",\n "item_count": 1,}',
            'The body is not valid JSON: "}" at line 2, column 18 is out of place.',
        ),
        (
            b"{'preset': 1}",
            "The body is not valid JSON: \"'preset': 1}\" at line 1, column 2 is out of place.",
        ),
        (b'{"a": 1', "The body is not valid JSON: it ends too early, at line 1, column 8."),
        (
            b'{"a": "b',
            "The body is not valid JSON: the string that begins at line 1, column 7 has no end.",
        ),
        (b'{"a": NaN}', "The body is not valid JSON: NaN is no value there."),
        (
            b"\xef\xbb\xbf{}",
            "The body is not valid JSON: the byte order mark at line 1, column 1 is out of place.",
        ),
        (b'{"a": "\xff"}', "The body is not UTF-8: byte 8 is not."),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', 'The key "c" stands twice in one object.'),
        (b"[" * 9_000, "The body is nested too deeply."),
        (b'{"a": ' + b"9" * 5000 + b"}", "The body has a number of too many digits."),
        (b"[1]", "The body must be an object, not an array."),
        (b"null", "The body must be an object, not null."),
        (
            b'{"a": [' + b"{}," * 20_000 + b"{}]}",
            "The body has more than 10000 arrays, objects and keys.",
        ),
    ],
)
def test_what_is_no_body_is_said_with_its_place(raw: bytes, text: str) -> None:
    for path in ("/jobs", "/rules", "/jobs/check", "/auth/anon"):
        answer = api_of(make_user()).send("POST", path, raw)
        assert told(answer) == refused(("body", text))


JSON = b'{"preset": "interior"}'


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (gzip.compress(JSON, mtime=0), "The body is compressed: send the JSON as it is."),
        (JSON.decode().encode("utf-16"), "The body is UTF-16: send the JSON in UTF-8."),
        (JSON.decode().encode("utf-16-le"), "The body is UTF-16: send the JSON in UTF-8."),
        (JSON.decode().encode("utf-16-be"), "The body is UTF-16: send the JSON in UTF-8."),
        (b"\xff\xd8\xff\xe0" + bytes(range(256)), PHOTO),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), PHOTO),
        (b"RIFF\xff\x00\x00\x00WEBPVP8 ", PHOTO),
        (
            b'--b19e\r\nContent-Disposition: form-data; name="photo"\r\n\r\n\xff\xd8',
            "The body is a form: send JSON here, and PUT each photo to its upload URL.",
        ),
        (b"preset=interior&item_count=1", 'The body is a form: send JSON, as {"key": "value"}.'),
        (b"items%5B0%5D=a.jpg", 'The body is a form: send JSON, as {"key": "value"}.'),
        # What only looks like it is read as before.
        (
            b"-- no",
            'The body is not valid JSON: "-- no" at line 1, column 1 is out of place.',
        ),
        (b"\xe9=1", "The body is not UTF-8: byte 1 is not."),
    ],
)
def test_what_newcomers_send_in_place_of_json_is_named(raw: bytes, text: str) -> None:
    answer = api_of(make_user()).send("POST", "/jobs", raw)

    assert told(answer) == refused(("body", text))
