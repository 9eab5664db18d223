"""The schema of the presets."""

from jobs.api.jobs import PresetViewSet
from jobs.api.openapi.shapes import PRESET_ID
from jobs.api.shapes import preset_out, preset_summary_out
from jobs.presets import PRESETS
from s3project.errors import NotFound
from s3project.openapi.operation import Operation, describe
from s3project.openapi.shapes import array, closed, shape, text, whole

TEMPLATE = shape("OutputTemplate", closed({"id": text(), "name": text(), "description": text()}))

describe(
    PresetViewSet,
    list=Operation(
        id="list_presets",
        tag="Presets",
        summary="All presets",
        answer="PresetList",
        data=array(
            shape(
                "PresetSummary",
                closed(
                    {
                        "id": PRESET_ID,
                        "name": text(),
                        "concept_count": whole(minimum=1),
                        "description": text(),
                    }
                ),
            )
        ),
        example=[preset_summary_out(preset) for preset in PRESETS.values()],
    ),
    retrieve=Operation(
        id="get_preset",
        tag="Presets",
        summary="What a preset knows",
        description="`protect_defaults` is a proposal: nothing is protected unless a job says so.",
        errors=[NotFound],
        answer="Preset",
        data=shape(
            "Preset",
            closed(
                {
                    "id": PRESET_ID,
                    "name": text(),
                    "concept_count": whole(minimum=1),
                    "concepts": array(text()),
                    "protect_defaults": array(text()),
                    "output_templates": array(TEMPLATE),
                }
            ),
        ),
        example=preset_out(PRESETS["seller"]),
    ),
)
