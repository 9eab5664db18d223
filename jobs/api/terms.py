"""Words and bounds that several shapes of `jobs` share."""

from typing import Annotated, Final, TypedDict

from jobs.models import JobProgress
from jobs.presets import PRESETS
from s3project.schema import Schema

MAX_ITEMS: Final = 200
MAX_WARNINGS: Final = 20
MAX_WARNING_LENGTH: Final = 300

PresetId = Annotated[str, Schema(name="PresetId", enum=list(PRESETS), example="interior")]
Idx = Annotated[int, Schema("Which photo of the set, from 0.", minimum=0, maximum=MAX_ITEMS - 1)]


class ProgressOut(TypedDict):
    done: Annotated[int, Schema(minimum=0, example=1)]
    failed: Annotated[int, Schema(minimum=0)]
    total: Annotated[int, Schema(minimum=1)]


def progress_out(progress: JobProgress) -> ProgressOut:
    return {"done": progress.done, "failed": progress.failed, "total": progress.total}
