"""What the presets say of themselves."""

from collections.abc import Iterable
from typing import Annotated, TypedDict

from jobs.api.terms import PresetId
from jobs.presets import INTERIOR, OutputTemplate, Preset
from s3project.schema import Schema

PresetName = Annotated[str, Schema(example=INTERIOR.name)]
ConceptCount = Annotated[int, Schema(minimum=1, example=len(INTERIOR.concepts))]
_TEMPLATE = INTERIOR.output_templates[1]


class PresetSummaryOut(TypedDict):
    id: PresetId
    name: PresetName
    concept_count: ConceptCount
    description: Annotated[str, Schema(example=INTERIOR.description)]


PresetListOut = list[PresetSummaryOut]


def preset_list_out(presets: Iterable[Preset]) -> PresetListOut:
    """`concept_count` counts the concepts that clients are offered."""
    return [
        {
            "id": preset.id,
            "name": preset.name,
            "concept_count": len(preset.concepts),
            "description": preset.description,
        }
        for preset in presets
    ]


class OutputTemplateOut(TypedDict):
    id: Annotated[str, Schema(example=_TEMPLATE.id)]
    name: Annotated[str, Schema(example=_TEMPLATE.name)]
    description: Annotated[str, Schema(example=_TEMPLATE.description)]


def output_template_out(template: OutputTemplate) -> OutputTemplateOut:
    return {"id": template.id, "name": template.name, "description": template.description}


class PresetOut(TypedDict):
    id: PresetId
    name: PresetName
    concept_count: ConceptCount
    concepts: Annotated[list[str], Schema(example=[each.name for each in INTERIOR.concepts])]
    protect_defaults: Annotated[list[str], Schema(example=list(INTERIOR.protect_defaults))]
    output_templates: list[OutputTemplateOut]


def preset_out(preset: Preset) -> PresetOut:
    return {
        "id": preset.id,
        "name": preset.name,
        "concept_count": len(preset.concepts),
        "concepts": [concept.name for concept in preset.concepts],
        "protect_defaults": list(preset.protect_defaults),
        "output_templates": [output_template_out(template) for template in preset.output_templates],
    }
