"""The shape of what `jobs` takes and gives. They check shape and never save."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework import serializers

from jobs.lifecycle.selectors import JobView
from jobs.lifecycle.settlement import Settlement
from jobs.models import JobCoordinator, JobProgress, ResultEffect
from jobs.presets import ACTIONS, PRESETS, Preset
from jobs.states import ItemStatus
from jobs.storage.uploads import Upload
from s3project import ids
from s3project.api.envelope import timestamp
from s3project.api.fields import Text, WholeNumber

MAX_CONCEPTS = 64
MAX_ERROR_LENGTH = 2000
MAX_INSTANCES = 64
MAX_INSTANCE = 199
MAX_ITEMS = 200
MAX_WARNINGS = 20
MAX_WARNING_LENGTH = 300
# What PostgreSQL cannot store: NUL, and surrogates that are not half of a pair.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

# --- In --------------------------------------------------------------------------------------


class CreateJobIn(serializers.Serializer[Any]):
    preset = serializers.ChoiceField(choices=list(PRESETS))
    item_count = WholeNumber(min_value=1, max_value=MAX_ITEMS)


class EditIn(serializers.Serializer[Any]):
    """What to do with one concept; only `remove` needs no value. `instances` are the numbers of
    those of its instances that are meant, kept only where there are any.
    """

    action = serializers.ChoiceField(choices=list(ACTIONS))
    value = Text(max_length=200, allow_blank=True, allow_null=True, required=False)
    instances = serializers.ListField(
        child=WholeNumber(min_value=0, max_value=MAX_INSTANCE),
        allow_empty=False,
        max_length=MAX_INSTANCES,
        allow_null=True,
        required=False,
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["action"] != "remove" and attrs.get("value") is None:
            raise serializers.ValidationError({"value": ["This field is required."]})
        edit = {"action": attrs["action"], "value": attrs.get("value")}
        if attrs.get("instances") is not None:
            edit["instances"] = sorted(set(attrs["instances"]))
        return edit


class ConceptName(Text):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=64, **options)


class ConceptsField(serializers.Field[Any, Any, Any, Any]):
    """`{name: {"action", "value"}}`, at most 64; the order is kept, since later edits win."""

    edit = EditIn()
    concept_name = ConceptName()

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            raise serializers.ValidationError(["This must be an object."])
        if len(data) > MAX_CONCEPTS:
            raise serializers.ValidationError([f"At most {MAX_CONCEPTS} concepts."])
        edits: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, edit in data.items():
            try:
                edits[self.concept_name.run_validation(name)] = self.edit.run_validation(edit)
            except serializers.ValidationError as error:
                errors[name] = error.detail
        if errors:
            raise serializers.ValidationError(errors)
        return edits

    def to_representation(self, value: Any) -> Any:
        return value


def protect_field(**options: Any) -> serializers.ListField:
    """Names of concepts whose pixels stay as they are; at most 64."""
    return serializers.ListField(child=ConceptName(), max_length=MAX_CONCEPTS, **options)


class ExecuteJobIn(serializers.Serializer[Any]):
    concepts = ConceptsField(required=False, allow_null=True, default=None)
    protect = protect_field(required=False, default=list)
    rule_id = Text(max_length=64, required=False, allow_null=True, default=None)
    output_template = Text(
        max_length=100, required=False, allow_null=True, allow_blank=True, default=None
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["concepts"] is None and attrs["rule_id"] is None:
            raise serializers.ValidationError(
                {"concepts": ["This field is required unless rule_id is given."]}
            )
        return attrs


class ErrorText(serializers.Field[Any, Any, Any, Any]):
    """A worker's words: cleaned and cut, never a reason to refuse its result."""

    def to_internal_value(self, data: Any) -> str:
        return UNSTORABLE.sub("", str(data))[:MAX_ERROR_LENGTH]

    def to_representation(self, value: Any) -> Any:
        return value


class WarningsField(serializers.Field[Any, Any, Any, Any]):
    """A worker's remarks on a finished item, kept as far as they are texts."""

    def to_internal_value(self, data: Any) -> list[str]:
        texts = [text for text in data if isinstance(text, str)] if isinstance(data, list) else []
        return [UNSTORABLE.sub("", text)[:MAX_WARNING_LENGTH] for text in texts[:MAX_WARNINGS]]

    def to_representation(self, value: Any) -> Any:
        return value


class ItemResultIn(serializers.Serializer[Any]):
    """The body of a callback (contract §4.3)."""

    idx = WholeNumber(min_value=0, max_value=MAX_ITEMS - 1)
    status = serializers.ChoiceField(choices=[ItemStatus.DONE, ItemStatus.FAILED])
    output_key = Text(required=False, allow_null=True, default=None)
    preview_key = Text(required=False, allow_null=True, default=None)
    error = ErrorText(required=False, allow_null=True, default="")
    warnings = WarningsField(required=False, allow_null=True, default=list)
    idempotency_key = Text(max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {
            **attrs,
            "error": attrs["error"] or "",
            "warnings": attrs["warnings"] or [],
            "status": ItemStatus(attrs["status"]),
        }


class ClaimIn(serializers.Serializer[Any]):
    items = serializers.ListField(
        child=WholeNumber(min_value=0, max_value=MAX_ITEMS - 1),
        max_length=MAX_ITEMS,
        allow_empty=False,
    )
    attempt = WholeNumber(min_value=1, max_value=1_000_000)
    worker = Text(max_length=200)


# --- Out -------------------------------------------------------------------------------------


def uploads_out(uploads: Sequence[Upload]) -> list[dict[str, Any]]:
    return [{"idx": upload.idx, "url": upload.url, "key": upload.key} for upload in uploads]


def progress_out(progress: JobProgress) -> dict[str, int]:
    return {"done": progress.done, "failed": progress.failed, "total": progress.total}


def created_job_out(
    job: JobCoordinator, uploads: Sequence[Upload], *, expires_in: int
) -> dict[str, Any]:
    return {
        "job_id": job.public_id,
        "status": job.status,
        "preset": job.preset,
        "total_items": job.total_items,
        "upload": uploads_out(uploads),
        "confirm_url": f"/jobs/{job.public_id}/confirm-upload",
        "expires_in": expires_in,
    }


def confirmed_job_out(job: JobCoordinator, missing: Sequence[int]) -> dict[str, Any]:
    return {
        "job_id": job.public_id,
        "status": job.status,
        "confirmed": True,
        "missing": list(missing),
    }


def queued_job_out(job: JobCoordinator) -> dict[str, Any]:
    return {"job_id": job.public_id, "status": job.status, "queued": True}


def canceled_job_out(job: JobCoordinator, settlement: Settlement) -> dict[str, Any]:
    return {
        "job_id": job.public_id,
        "status": job.status,
        "canceled": True,
        "refunded": settlement.refunded,
        "credits": settlement.credits,
    }


def job_summary_out(job: JobCoordinator) -> dict[str, Any]:
    """A job in a list."""
    status, progress = job.get_status()
    return {
        "job_id": job.public_id,
        "status": status,
        "preset": job.preset,
        "created_at": timestamp(job.created_at),
        "progress": progress_out(progress),
    }


def job_out(view: JobView) -> dict[str, Any]:
    job = view.job
    body = {
        "job_id": job.public_id,
        "status": job.status,
        "preset": job.preset,
        "rule_id": ids.public_id(ids.RULE, job.rule_id) if job.rule_id else None,
        "created_at": timestamp(job.created_at),
        "finished_at": timestamp(job.finished_at) if job.finished_at else None,
        "expires_at": timestamp(view.expires_at) if view.expires_at else None,
        "expired": view.expired,
        "progress": progress_out(job.progress),
        "items": [
            {
                "idx": item.idx,
                "status": item.status,
                **({"error": item.error} if item.error else {}),
                **({"warnings": item.warnings} if item.warnings else {}),
            }
            for item in view.items
        ],
        "outputs_ready": [
            {"idx": output.idx, "result_url": output.result_url, "preview_url": output.preview_url}
            for output in view.outputs
        ],
    }
    if view.uploads is not None:
        body["upload"] = uploads_out(view.uploads)
    return body


def item_result_out(job: JobCoordinator, effect: ResultEffect) -> dict[str, Any]:
    status, progress = job.get_status()
    return {
        "processed": effect.processed,
        "duplicate": effect.duplicate,
        "job_status": status,
        "progress": progress_out(progress),
    }


def claim_out(job: JobCoordinator, granted: Sequence[int], *, lease_seconds: int) -> dict[str, Any]:
    return {"granted": list(granted), "job_status": job.status, "lease_seconds": lease_seconds}


def preset_summary_out(preset: Preset) -> dict[str, Any]:
    """A preset in the list; `concept_count` counts the concepts that clients are offered."""
    return {
        "id": preset.id,
        "name": preset.name,
        "concept_count": len(preset.concepts),
        "description": preset.description,
    }


def preset_out(preset: Preset) -> dict[str, Any]:
    return {
        "id": preset.id,
        "name": preset.name,
        "concept_count": len(preset.concepts),
        "concepts": [concept.name for concept in preset.concepts],
        "protect_defaults": list(preset.protect_defaults),
        "output_templates": [
            {"id": template.id, "name": template.name, "description": template.description}
            for template in preset.output_templates
        ],
    }
