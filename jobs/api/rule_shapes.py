"""The shape of a rule, in and out."""

from typing import Any

from rest_framework import serializers

from jobs.api.shapes import ConceptsField, protect_field
from jobs.models import Rule
from jobs.presets import PRESETS
from s3project.api.envelope import timestamp
from s3project.api.fields import Text


class RuleConceptsField(ConceptsField):
    """As for a job, but a rule that does nothing is not worth a slot: at least one concept."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        edits = super().to_internal_value(data)
        if not edits:
            raise serializers.ValidationError(["At least one concept."])
        return edits


def _name(**options: Any) -> Text:
    return Text(trim_whitespace=True, max_length=100, **options)


class CreateRuleIn(serializers.Serializer[Any]):
    name = _name()
    preset_id = serializers.ChoiceField(choices=list(PRESETS))
    concepts = RuleConceptsField()
    protect = protect_field(required=False, default=list)


class UpdateRuleIn(serializers.Serializer[Any]):
    """Any subset. `preset_id` may be sent back as it was read; the service refuses another."""

    name = _name(required=False)
    preset_id = serializers.ChoiceField(choices=list(PRESETS), required=False)
    concepts = RuleConceptsField(required=False)
    protect = protect_field(required=False)


def rule_out(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.public_id,
        "name": rule.name,
        "preset_id": rule.preset_id,
        "concepts": rule.concepts,
        "protect": rule.protect,
        "created_at": timestamp(rule.created_at),
        "updated_at": timestamp(rule.updated_at),
    }
