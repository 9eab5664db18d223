"""What the presets say of themselves."""

from collections.abc import Iterable
from typing import Annotated, TypedDict

from jobs.api.terms import PresetId
from jobs.backends import Backend
from jobs.presets import (
    ACTIONS,
    INTERIOR,
    LABELS,
    Concept,
    Label,
    OutputTemplate,
    Preset,
    resolve_value,
)
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


class LabelOut(TypedDict):
    """What people read."""

    ko: Annotated[str, Schema(example="벽")]
    en: Annotated[str, Schema(example="Wall")]


def label_out(label: Label) -> LabelOut:
    return {"ko": label.ko, "en": label.en}


class OutputTemplateOut(TypedDict):
    id: Annotated[str, Schema(example=_TEMPLATE.id)]
    alias: Annotated[str, Schema("Another id, in ASCII.", example=_TEMPLATE.alias)]
    name: Annotated[str, Schema(example=_TEMPLATE.name.ko)]
    label: LabelOut
    description: Annotated[str, Schema(example=_TEMPLATE.description)]


def output_template_out(template: OutputTemplate) -> OutputTemplateOut:
    return {
        "id": template.id,
        "alias": template.alias,
        "name": template.name.ko,
        "label": label_out(template.name),
        "description": template.description,
    }


class ConceptOut(TypedDict):
    name: Annotated[str, Schema(example="Wall")]
    label: LabelOut
    supported: Annotated[bool, Schema("By the backend of this server.", example=True)]
    instances: Annotated[bool, Schema("Whether a photo may have several.", example=False)]
    default: Annotated[
        dict[str, str],
        Schema("By action: what an empty value stands for.", example={"recolor": "offwhite_b"}),
    ]


def concept_out(preset: Preset, concept: Concept, backend: Backend) -> ConceptOut:
    return {
        "name": concept.name,
        "label": label_out(LABELS[concept.name]),
        "supported": backend.supports(concept.name),
        "instances": concept.instances,
        "default": {
            action: resolve_value(preset.id, concept.name, action, "") or "" for action in ACTIONS
        },
    }


class PresetOut(TypedDict):
    id: PresetId
    name: PresetName
    concept_count: ConceptCount
    concepts: Annotated[list[str], Schema(example=[each.name for each in INTERIOR.concepts])]
    protect_defaults: Annotated[list[str], Schema(example=list(INTERIOR.protect_defaults))]
    output_templates: list[OutputTemplateOut]
    details: Annotated[list[ConceptOut], Schema("Of each concept, in their order.")]


def preset_out(preset: Preset, backend: Backend) -> PresetOut:
    return {
        "id": preset.id,
        "name": preset.name,
        "concept_count": len(preset.concepts),
        "concepts": [concept.name for concept in preset.concepts],
        "protect_defaults": list(preset.protect_defaults),
        "output_templates": [output_template_out(template) for template in preset.output_templates],
        "details": [concept_out(preset, concept, backend) for concept in preset.concepts],
    }
