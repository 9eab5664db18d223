"""Bodies of `jobs` that DRF's fields alone do not describe."""

from typing import Any

from drf_spectacular.extensions import (
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema

from jobs.api.openapi.shapes import RULE_ID, concepts
from jobs.api.shapes import MAX_ERROR_LENGTH
from s3project.openapi.shapes import JsonSchema, array, nullable, shape, text


class ConceptsExtension(OpenApiSerializerFieldExtension):
    target_class = "jobs.api.shapes.ConceptsField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> JsonSchema:
        return concepts()


class RuleConceptsExtension(OpenApiSerializerFieldExtension):
    target_class = "jobs.api.rule_shapes.RuleConceptsField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> JsonSchema:
        return concepts(minimum=1)


class ErrorTextExtension(OpenApiSerializerFieldExtension):
    target_class = "jobs.api.shapes.ErrorText"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> JsonSchema:
        return text(
            f"In a worker's words, cut to {MAX_ERROR_LENGTH} characters. Never a reason to refuse "
            "the result: of what is no text, the text is taken."
        )


class WarningsExtension(OpenApiSerializerFieldExtension):
    target_class = "jobs.api.shapes.WarningsField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> JsonSchema:
        return array(text(), "Never a reason to refuse the result: what is no text is left out.")


class ExecuteJobExtension(OpenApiSerializerExtension):
    """`concepts` or `rule_id`: two shapes, so that a type checker sees that one is needed."""

    target_class = "jobs.api.shapes.ExecuteJobIn"

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> JsonSchema:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        fields = schema["properties"]
        rule = {"rule_id": {**RULE_ID, "description": "Its edits replace those given here."}}
        return {
            "anyOf": [
                shape(
                    "ExecuteWithConcepts",
                    {
                        "type": "object",
                        "properties": {
                            **fields,
                            "concepts": concepts(),
                            "rule_id": nullable(rule["rule_id"]),
                        },
                        "required": ["concepts"],
                    },
                ),
                shape(
                    "ExecuteWithRule",
                    {
                        "type": "object",
                        "properties": {**fields, "concepts": nullable(concepts()), **rule},
                        "required": ["rule_id"],
                    },
                ),
            ]
        }
