"""The environment an engine is started with."""

import os
from pathlib import Path


def engine_environment(home: Path, **more: str) -> dict[str, str]:
    """Almost nothing of ours: engines read variables (PG*, AWS_*, WEED_*) meant for others."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        **more,
    }
