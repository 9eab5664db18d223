"""The environment an engine is started with."""

import os
from pathlib import Path


def engine_environment(home: Path, **more: str) -> dict[str, str]:
    """What an engine needs, and `more`. The other variables of this process stay away from it:
    engines read some (PG*, AWS_*, WEED_*) that are meant for other programs.
    """
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        **more,
    }
