"""The bodies that the life of a job takes. They check shape and never save."""

from typing import Annotated, Any

from rest_framework import serializers

from jobs.api.edits import ConceptsField, protect_field
from jobs.api.terms import MAX_ITEMS, PresetId
from s3project.api.fields import Alternatives, Choice, Shaped, Text, WholeNumber
from s3project.ids import RuleId
from s3project.schema import Schema


class CreateJobIn(serializers.Serializer[Any]):
    preset = Choice(PresetId)
    item_count = WholeNumber(min_value=1, max_value=MAX_ITEMS)


class RuleIdField(Shaped, Text):
    """Any text: what is no id of a rule names one that does not exist."""

    shape = Annotated[RuleId, Schema("Its edits replace those given here.")]


class ExecuteJobIn(Alternatives, serializers.Serializer[Any]):
    alternatives = {"ExecuteWithConcepts": "concepts", "ExecuteWithRule": "rule_id"}

    concepts = ConceptsField(required=False, allow_null=True, default=None)
    protect = protect_field(required=False, default=list)
    rule_id = RuleIdField(max_length=64, required=False, allow_null=True, default=None)
    output_template = Text(
        max_length=100, required=False, allow_null=True, allow_blank=True, default=None
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["concepts"] is None and attrs["rule_id"] is None:
            raise serializers.ValidationError(
                {"concepts": ["This field is required unless rule_id is given."]}
            )
        return attrs
