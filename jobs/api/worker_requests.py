"""What a worker sends: results and claims (contract §4). They check shape and never save."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from rest_framework import serializers

from jobs.api.edits import ConceptNameField
from jobs.api.instance_shapes import InstancesField
from jobs.api.terms import MAX_ITEMS, MAX_WARNING_LENGTH, MAX_WARNINGS
from jobs.backends import backend_of
from jobs.states import ItemStatus
from jobs.storage.worker_urls import AskedPhoto, AskedUrls
from s3project import ids
from s3project.api.envelope import encode
from s3project.api.fields import (
    Array,
    Choice,
    Flag,
    Object,
    ShapedField,
    Text,
    WholeNumber,
)
from s3project.schema import Schema

MAX_ERROR_LENGTH = 2000
MAX_HELD_MS = 60 * 60 * 1000
MAX_BACKEND_NAME = 64
MAX_BACKEND_CONCEPTS = 200
# Names of one claim, and the masks that it may ask for: each is two URLs, of 6 µs.
MAX_MASKS = 200
MAX_MASKS_IN_ALL = 1000
# A worker's remarks that are looked at; a body has room for half a million.
MOST_REMARKS = 1000
SHA256 = re.compile(r"[0-9a-f]{64}")
IDX = re.compile(r"[0-9]{1,3}")
# What PostgreSQL cannot store: NUL, and surrogates that are not half of a pair.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class ErrorText(ShapedField):
    """A worker's words: cleaned and cut, never a reason to refuse its result."""

    kind = "a string"
    shape = Annotated[
        str,
        Schema(
            f"In a worker's words, cut to {MAX_ERROR_LENGTH} characters. Never a reason to refuse "
            "the result: of what is no text, the JSON is taken."
        ),
    ]

    def to_internal_value(self, data: Any) -> str:
        text = data if isinstance(data, str) else encode(data).decode()
        return UNSTORABLE.sub("", text)[:MAX_ERROR_LENGTH]


class WarningsField(ShapedField):
    """A worker's remarks on a finished item, kept as far as they are texts."""

    kind = "an array"
    shape = Annotated[
        list[str],
        Schema("Never a reason to refuse the result: what is no text is left out."),
    ]

    def to_internal_value(self, data: Any) -> list[str]:
        remarks = data[:MOST_REMARKS] if isinstance(data, list) else []
        texts = [text for text in remarks if isinstance(text, str)]
        return [UNSTORABLE.sub("", text)[:MAX_WARNING_LENGTH] for text in texts[:MAX_WARNINGS]]


class HeldField(ShapedField):
    """A worker's measure, kept as far as it is one."""

    kind = "an integer"
    shape = Annotated[
        int,
        Schema(
            "Milliseconds that the photo kept the worker busy. What is far above the usual counts "
            "against its user's share of the workers. Never a reason to refuse the result."
        ),
    ]

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int | float) or not data > 0:
            return 0
        return int(min(data, MAX_HELD_MS))


class ItemResultIn(Object):
    """A key that is absent or null stands for the one that was issued."""

    idx = WholeNumber(min_value=0, max_value=MAX_ITEMS - 1)
    status = Choice(Literal["done", "failed"])
    output_key = Text(required=False, allow_null=True, default=None)
    preview_key = Text(required=False, allow_null=True, default=None)
    error = ErrorText(required=False, allow_null=True, default="")
    warnings = WarningsField(required=False, allow_null=True, default=list)
    instances = InstancesField(required=False, allow_null=True, default=dict)
    held_ms = HeldField(required=False, allow_null=True, default=0)
    idempotency_key = Text(max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {
            **attrs,
            "error": attrs["error"] or "",
            "warnings": attrs["warnings"] or [],
            "instances": attrs["instances"] or {},
            "held_ms": attrs["held_ms"] or 0,
            "status": ItemStatus(attrs["status"]),
        }


class Digest(ShapedField):
    kind = "a string"
    shape = Annotated[str, Schema("Of the file.", pattern=r"^[0-9a-f]{64}$")]

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.refuse_type(data)
        if SHA256.fullmatch(data) is None:
            raise serializers.ValidationError("Must be 64 lowercase hex digits.")
        return data


class OtherItem(ShapedField):
    """An item of another job of the same user, as its job's id and idx."""

    kind = "a string"
    shape = Annotated[
        str,
        Schema(
            "The item whose masks are of the same photo, `job_…/3`: as found in "
            "`masks/{user}/by_photo/{sha256}.json`. They may be read.",
            pattern=r"^job_[0-9a-f]{32}/[0-9]{1,3}$",
        ),
    ]

    def to_internal_value(self, data: Any) -> tuple[UUID, int]:
        if not isinstance(data, str):
            self.refuse_type(data)
        job, _, idx = data.partition("/")
        job_id = ids.parse_public_id(ids.JOB, job)
        if job_id is None or IDX.fullmatch(idx) is None:
            raise serializers.ValidationError("Must be a job's id, a slash and an idx.")
        return job_id, int(idx)


class AskedPhotoIn(Object):
    idx = WholeNumber(min_value=0, max_value=MAX_ITEMS - 1)
    sha256 = Digest()
    masks_in = OtherItem(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"idx": attrs["idx"], "photo": AskedPhoto(attrs["sha256"], attrs["masks_in"])}


# The part of a claim that asks for URLs, and names the backend. (No docstring: a serializer would
# inherit it, and publish it.)
class UrlsAsked(Object):
    backend = Text(
        max_length=MAX_BACKEND_NAME,
        required=False,
        allow_null=True,
        help_text="What the worker finds concepts with.",
    )
    concepts = Array(
        child=ConceptNameField(),
        max_length=MAX_BACKEND_CONCEPTS,
        required=False,
        allow_null=True,
        help_text="What its backend can find; null for one that takes any name.",
    )
    urls = Flag(
        required=False,
        default=False,
        help_text="Answer with URLs of what is granted, for a worker without a storage key.",
    )
    masks = Array(
        child=ConceptNameField(),
        max_length=MAX_MASKS,
        required=False,
        allow_null=True,
        help_text="With `urls`: whose masks are to be read and written; of the items in `photos` "
        f"where that is given. Items times names are at most {MAX_MASKS_IN_ALL}.",
    )
    photos = Array(
        child=AskedPhotoIn(),
        max_length=MAX_ITEMS,
        required=False,
        allow_null=True,
        help_text="With `urls`: photos that were read, so that masks of the same file are found.",
    )

    def read_asked(self, attrs: dict[str, Any], items: Sequence[int]) -> dict[str, Any]:
        """With `running`, the backend that the worker named, if it did, and `asked`, what URLs it
        wants, if any.
        """
        name, concepts = attrs.pop("backend", None), attrs.pop("concepts", None)
        wanted = attrs.pop("urls")
        names = list(dict.fromkeys(attrs.pop("masks", None) or ()))
        photos = {one["idx"]: one["photo"] for one in attrs.pop("photos", None) or ()}
        if len(photos or items) * len(names) > MAX_MASKS_IN_ALL:
            raise serializers.ValidationError(
                {"masks": f"Items times names must be at most {MAX_MASKS_IN_ALL}."}
            )
        return {
            **attrs,
            "running": None if name is None else backend_of(name, concepts or ()),
            "asked": AskedUrls(names, photos) if wanted else None,
        }


class ClaimIn(UrlsAsked):
    items = Array(
        child=WholeNumber(min_value=0, max_value=MAX_ITEMS - 1),
        max_length=MAX_ITEMS,
        allow_empty=False,
    )
    attempt = WholeNumber(min_value=1, max_value=1_000_000)
    worker = Text(max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return self.read_asked(attrs, attrs["items"])
