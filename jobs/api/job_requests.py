"""The bodies that the life of a job takes. They check shape and never save."""

from collections import Counter
from typing import Annotated, Any, Final

from rest_framework import serializers

from jobs.api.edits import NO_NUL, ConceptsField, ProtectField
from jobs.api.terms import MAX_ITEMS, PresetId
from jobs.lifecycle.second_look import Only
from jobs.lifecycle.services import DeclaredPhoto
from jobs.limits import MAX_PHOTO_BYTES
from s3project import ids
from s3project.api.fields import (
    Alternatives,
    Array,
    ByKey,
    ByName,
    Choice,
    Flag,
    Name,
    Object,
    Shaped,
    Text,
    WholeNumber,
)
from s3project.ids import JobId, RuleId
from s3project.schema import Schema

MAX_METADATA: Final = 16
MAX_METADATA_KEY: Final = 64
MAX_METADATA_VALUE: Final = 500
MAX_PHOTO_NAME: Final = 255

MetadataKey = Annotated[str, Schema(minLength=1, maxLength=MAX_METADATA_KEY, pattern=NO_NUL)]
Metadata = Annotated[
    dict[MetadataKey, Annotated[str, Schema(maxLength=MAX_METADATA_VALUE, pattern=NO_NUL)]],
    Schema(
        "Texts of yours that the job carries, an order number for one.",
        maxProperties=MAX_METADATA,
        example={"order": "2026-114"},
    ),
]


class MetadataField(ByName):
    """At most 16 texts by name."""

    shape = Metadata
    name_field = Name(max_length=MAX_METADATA_KEY)
    value_field = Text(max_length=MAX_METADATA_VALUE, allow_blank=True)
    max_entries = MAX_METADATA
    noun = "text"


class PhotoIn(Object):
    """What is known of a photo before it is uploaded."""

    name = Text(max_length=MAX_PHOTO_NAME, required=False, allow_null=True, allow_blank=True)
    bytes = WholeNumber(min_value=1, max_value=MAX_PHOTO_BYTES, required=False, allow_null=True)


class SourceJobIdField(Shaped, Text):
    """Any text: what is no id of a job names one that does not exist."""

    shape = Annotated[JobId, Schema("A job of yours whose upload was confirmed.")]


class CreateJobIn(Object):
    """`items` says how many there are where `item_count` does not."""

    unless = {"item_count": "items"}
    preset = Choice(PresetId)
    item_count = WholeNumber(min_value=1, max_value=MAX_ITEMS, required=False)
    items = Array(
        child=PhotoIn(), min_length=1, max_length=MAX_ITEMS, required=False, allow_null=True
    )
    metadata = MetadataField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        items = attrs.get("items")
        count = attrs.get("item_count", len(items or ()))
        if items is not None and len(items) != count:
            text = f"Must have as many elements as item_count says, {count}, not {len(items)}."
            raise serializers.ValidationError({"items": [text]})
        photos = [
            DeclaredPhoto(name=item.get("name") or "", bytes=item.get("bytes"))
            for item in items or ()
        ]
        return {
            "preset": attrs["preset"],
            "item_count": count,
            "photos": photos or None,
            "metadata": attrs.get("metadata"),
        }


class SecondLookIn(Object):
    """The photos of an earlier job again: nothing is uploaded."""

    source_job_id = SourceJobIdField(max_length=64)
    only = Choice(
        Annotated[str, Schema("Which of its photos.", enum=list(Only))],
        required=False,
        allow_null=True,
    )
    items = Array(
        child=WholeNumber(min_value=0, max_value=MAX_ITEMS - 1),
        min_length=1,
        max_length=MAX_ITEMS,
        required=False,
        allow_null=True,
    )
    preset = Choice(PresetId, required=False, allow_null=True)
    metadata = MetadataField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        items: list[int] | None = attrs.get("items")
        twice = [idx for idx, count in Counter(items).items() if count > 1]
        if twice:
            raise serializers.ValidationError({"items": [f"Must not have {twice[0]} twice."]})
        return {
            "source_job_id": ids.parse_public_id(ids.JOB, attrs["source_job_id"]),
            "only": Only(attrs.get("only") or Only.ALL),
            "items": items,
            "preset": attrs.get("preset"),
            "metadata": attrs.get("metadata"),
        }


class NewJobIn(ByKey):
    """A job over photos to be uploaded, or over those of an earlier one."""

    key = "source_job_id"
    shapes = (CreateJobIn(), SecondLookIn())

    @property
    def known(self) -> list[str]:
        """Every key of either shape."""
        upload, again = self.shapes
        return [*upload.fields.keys(), *again.fields.keys()]


class RuleIdField(Shaped, Text):
    """Any text: what is no id of a rule names one that does not exist."""

    shape = Annotated[RuleId, Schema("Its edits replace those given here.")]


class OrderIn(Object):
    """What is to be done with the photos of a job."""

    unless = {"concepts": "rule_id"}
    concepts = ConceptsField(required=False, allow_null=True, default=None)
    protect = ProtectField(default=None)
    rule_id = RuleIdField(max_length=64, required=False, allow_null=True, default=None)
    output_template = Text(
        max_length=100, required=False, allow_null=True, allow_blank=True, default=None
    )


class ExecuteJobIn(Alternatives, OrderIn):
    alternatives = {"ExecuteWithConcepts": "concepts", "ExecuteWithRule": "rule_id"}

    strict = Flag(
        required=False,
        default=False,
        help_text="Refuse with 400 what would otherwise be a warning.",
    )


class CheckJobIn(Alternatives, OrderIn):
    alternatives = {"CheckWithConcepts": "concepts", "CheckWithRule": "rule_id"}

    preset = Choice(PresetId)
    item_count = WholeNumber(min_value=1, max_value=MAX_ITEMS)
