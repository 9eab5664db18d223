"""What is asked of packages, by their owner and by workers. They check shape and never save."""

from typing import Any, Final, Literal

from rest_framework import serializers

from jobs.advice import suggested_value
from jobs.api.edits import MAX_VALUE_LENGTH
from jobs.api.terms import MAX_ITEMS
from jobs.api.worker_requests import ErrorText, HeldField, UrlsAsked
from jobs.states import PackageStatus
from jobs.vocabulary import understands
from s3project.api.fields import Array, Choice, Object, Text, WholeNumber
from s3project.wording import hint, quoted

MAX_TEMPLATE: Final = 100
MAX_TITLE: Final = 80
MAX_COLORS: Final = 12
MAX_FILES: Final = 10_000
MAX_BYTES: Final = 2**40
MAX_COUNT: Final = 1_000_000


class ColorField(Text):
    """A colour that recolor understands."""

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if not understands("recolor", value):
            near = suggested_value("recolor", value)
            text = f"recolor does not know {quoted(value)}. Write #RRGGBB, or a material's name."
            raise serializers.ValidationError([text + hint(near)])
        return value


class PackageOptionsIn(Object):
    language = Choice(Literal["ko", "en"], required=False, help_text="Of captions; ko by default.")
    title = Text(
        max_length=MAX_TITLE, required=False, help_text="On the board; the template's by default."
    )
    colors = Array(
        child=ColorField(max_length=MAX_VALUE_LENGTH),
        min_length=1,
        max_length=MAX_COLORS,
        required=False,
        help_text="Of an option board: colours as recolor takes them.",
    )


class AskPackageIn(Object):
    template = Text(
        max_length=MAX_TEMPLATE, help_text="The id of a template of the job's preset, or its alias."
    )
    options = PackageOptionsIn(
        required=False, allow_null=True, help_text="What a template has no use for is ignored."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"template": attrs["template"], "options": dict(attrs.get("options") or {})}


def _edition() -> WholeNumber:
    return WholeNumber(
        min_value=1, max_value=MAX_COUNT, help_text="Which one is meant, as the message says."
    )


def _attempt() -> WholeNumber:
    return WholeNumber(min_value=1, max_value=MAX_COUNT)


class PackageResultIn(Object):
    """`files` and `bytes` are needed of one that is ready."""

    edition = _edition()
    attempt = _attempt()
    status = Choice(Literal["ready", "failed"])
    files = WholeNumber(min_value=1, max_value=MAX_FILES, required=False, allow_null=True)
    bytes = WholeNumber(min_value=1, max_value=MAX_BYTES, required=False, allow_null=True)
    error = ErrorText(required=False, allow_null=True, default="")
    held_ms = HeldField(required=False, allow_null=True, default=0)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        ready = attrs["status"] == PackageStatus.READY
        missing = [name for name in ("files", "bytes") if ready and attrs.get(name) is None]
        if missing:
            text = "This field is required of a package that is ready."
            raise serializers.ValidationError({name: [text] for name in missing})
        return {
            "edition": attrs["edition"],
            "attempt": attrs["attempt"],
            "status": PackageStatus(attrs["status"]),
            "files": attrs["files"] if ready else 0,
            "bytes": attrs["bytes"] if ready else 0,
            "error": "" if ready else attrs["error"] or "it could not be made",
            "held_ms": attrs["held_ms"] or 0,
        }


class PackageClaimIn(UrlsAsked):
    edition = _edition()
    attempt = _attempt()
    worker = Text(max_length=200)
    items = Array(
        child=WholeNumber(min_value=0, max_value=MAX_ITEMS - 1),
        max_length=MAX_ITEMS,
        required=False,
        allow_null=True,
        help_text="With `urls`: of which photos of the job; none where it is absent.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        items = attrs.pop("items", None) or []
        return {**self.read_asked(attrs, items), "items": items}
