"""Files that only their owner may read."""

import os
from pathlib import Path


def write_private(path: Path, content: str | bytes) -> None:
    """Writes `path` anew with mode 0600; a reader finds the old content or the new one."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
    draft.replace(path)
