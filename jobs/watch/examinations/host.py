"""The machine that this runs on."""

import shutil
import tempfile
from collections.abc import Iterator

from django.conf import settings

from jobs.watch.examinations.diagnosis import Diagnosis, State

LEAST_FREE = 2 * 1024**3  # bytes


def examine_disk() -> Iterator[Diagnosis]:
    places = {
        "where this runs": str(settings.BASE_DIR),
        "for what is made here": tempfile.gettempdir(),
    }
    for name, place in places.items():
        free = shutil.disk_usage(place).free
        # A folder in memory is as small as somebody made it.
        enough = free >= LEAST_FREE or (name != "where this runs" and not settings.GPU_WORKER)
        found = f"{free / 1024**3:.1f} GiB free {name}"
        hint = "" if enough else "make room: a package of 200 large photos takes 2 GiB"
        yield Diagnosis("disk", State.OK if enough else State.WARNING, found, hint)
