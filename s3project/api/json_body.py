"""Reading a request body as JSON, whatever its Content-Type says (contract §3.1)."""

import codecs
import json
import re
from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from s3project.errors import BODY, BodyTooLarge, ValidationFailed
from s3project.wording import LONGEST_SHOWN, json_type, quoted

# A body of 1 MiB has room for far more arrays, objects and keys than any request needs, and making
# them costs a second of CPU.
MAX_PARTS = 10_000
# What is refused for its parts mostly has too many at its beginning.
BEGINNING = 64 * 1024
BYTE_ORDER_MARK = "\ufeff"
COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")  # gzip, zstd
PHOTOS = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"GIF8")
# key=value, as forms write it.
FORM = re.compile(rb"[\w.%+\[\]-]{1,100}=")
LONGEST_HEAD = 300


def _refusal(text: str) -> ValidationFailed:
    return ValidationFailed({BODY: [text]})


def _refuse_constant(name: str) -> NoReturn:
    # Python's decoder would take NaN and Infinity.
    raise _refusal(f"The body is not valid JSON: {name} is no value there.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _refusal(f"The key {quoted(_repeated(pairs))} stands twice in one object.")
    return made


def _repeated(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            break
        seen.add(key)
    return key


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_object)


def _has_too_many_parts(text: str) -> bool:
    return _parts(text) > MAX_PARTS and any(
        _parts(_without_strings(piece)) > MAX_PARTS for piece in (text[:BEGINNING], text)
    )


def _parts(text: str) -> int:
    return text.count("[") + text.count("{") + text.count(":")


def _without_strings(text: str) -> str:
    """What is between the strings, up to the first backslash that is in none: there the decoder
    stops as well. Of a string that has no end nothing is left.

    Every second piece between quotes that are not escaped; an expression that matches strings takes
    twice as long for a quarter of a million of them.
    """
    return "".join(text.replace("\\\\", "").replace('\\"', "").split('"')[::2])


def read_body(request: HttpRequest) -> bytes:
    """The raw body; raises BodyTooLarge above DATA_UPLOAD_MAX_MEMORY_SIZE, before reading it."""
    if request.META.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        return _read_chunked(request)
    try:
        return request.body
    except RequestDataTooBig:
        raise BodyTooLarge from None


def _read_chunked(request: HttpRequest) -> bytes:
    """A body of unannounced length, which Django would take for an empty one."""
    body: bytes | None = getattr(request, "chunked_body", None)
    if body is None:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = request.META["wsgi.input"].read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge
        vars(request)["chunked_body"] = body
    return body


def read_json_object(request: HttpRequest) -> dict[str, Any]:
    """The body as a JSON object; an empty body is an empty object.

    Raises BodyTooLarge above DATA_UPLOAD_MAX_MEMORY_SIZE and ValidationFailed for whatever is
    not one JSON object in UTF-8: malformed, not an object, a key twice, NaN, absurd nesting,
    absurd numbers, absurdly many parts.
    """
    raw = read_body(request)
    if not raw.strip():
        return {}
    try:
        # Decoded here: json.loads(bytes) would guess UTF-16 and UTF-32 as well.
        text = raw.decode("utf-8")
        if _has_too_many_parts(text):
            raise _refusal(f"The body has more than {MAX_PARTS} arrays, objects and keys.")
        body = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _refusal(_instead_of_json(raw) or _where(error)) from None
    except UnicodeDecodeError as error:
        text = f"The body is not UTF-8: byte {error.start + 1} is not."
        raise _refusal(_instead_of_json(raw) or text) from None
    except RecursionError:
        raise _refusal("The body is nested too deeply.") from None
    except ValueError:  # of int(), which reads no more than 4300 digits
        raise _refusal("The body has a number of too many digits.") from None
    if not isinstance(body, dict):
        raise _refusal(f"The body must be an object, not {json_type(body)}.")
    return body


def _instead_of_json(raw: bytes) -> str | None:
    """What newcomers send in place of JSON, by its first bytes; None for anything else."""
    if raw.startswith(COMPRESSED):
        return "The body is compressed: send the JSON as it is."
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in raw[:2]:
        return "The body is UTF-16: send the JSON in UTF-8."
    if raw.startswith(PHOTOS):
        return "The body is a photo: send JSON here, and PUT the photo to its upload URL."
    if raw.startswith(b"--") and b"form-data" in raw[:LONGEST_HEAD]:
        return "The body is a form: send JSON here, and PUT each photo to its upload URL."
    if FORM.match(raw):
        return 'The body is a form: send JSON, as {"key": "value"}.'
    return None


def _where(error: json.JSONDecodeError) -> str:
    """What is wrong, at which line and column."""
    place = f"at line {error.lineno}, column {error.colno}"
    rest = error.doc[error.pos :]
    if not rest.strip():
        return f"The body is not valid JSON: it ends too early, {place}."
    if error.msg.startswith("Unterminated string"):
        return f"The body is not valid JSON: the string that begins {place} has no end."
    if rest.startswith(BYTE_ORDER_MARK):
        found = "the byte order mark"
    else:
        found = quoted(rest[: LONGEST_SHOWN + 1].splitlines()[0])
    return f"The body is not valid JSON: {found} {place} is out of place."
