"""The public API of the presets, which are part of the program, not of the database."""

from typing import Annotated

from rest_framework.request import Request

from jobs.api.preset_shapes import PresetListOut, PresetOut, preset_list_out, preset_out
from jobs.errors import PresetNotFound
from jobs.lifecycle.orders import configured_backend
from jobs.presets import PRESETS
from s3project.api.answers import Answer
from s3project.api.operation import Operation
from s3project.api.views import ApiViewSet
from s3project.schema import Schema

AnyPresetId = Annotated[str, Schema(examples=list(PRESETS))]


class PresetViewSet(ApiViewSet):
    tag = "Presets"
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    @Operation("list_presets")
    def list(self, request: Request) -> Answer[PresetListOut]:
        """All presets"""
        return Answer(preset_list_out(PRESETS.values()))

    @Operation("get_preset", errors=[PresetNotFound])
    def retrieve(self, request: Request, preset_id: AnyPresetId) -> Answer[PresetOut]:
        """What a preset knows

        `protect_defaults` is what is protected where a job or a rule does not say. `details` says
        of each concept whether the backend of this server can find it.
        """
        preset = PRESETS.get(preset_id)
        if preset is None:
            raise PresetNotFound(preset_id, list(PRESETS))
        return Answer(preset_out(preset, configured_backend()))
