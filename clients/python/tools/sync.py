"""src/s3sets/_sync from src/s3sets/_async: the same client without a word of asyncio."""

import re
from pathlib import Path

SOURCE, TARGET = Path("src/s3sets/_async"), Path("src/s3sets/_sync")
# What differs between the two beyond words is in `io.py`, written by hand for each.
BY_HAND = {"__init__.py", "io.py"}
HEAD = "# Generated from _async: `make client`.\n"
WORDS = [
    (r"async (def|with|for)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\bAwaitable\[((?:[^\[\]]|\[[^\]]*\])*)\]", r"\1"),
    (r"\bAsync([A-Z])", r"\1"),
    (r"\b_async\b", "_sync"),
    (r"\b__a(enter|exit|iter|next)__\b", r"__\1__"),
    (r"\ba(iter_bytes|iter_raw|iter_lines|read|close)\(", r"\1("),
    (r"\baclosing\b", "closing"),
    (r"\basynccontextmanager\b", "contextmanager"),
    (r"\bAbstractAsyncContextManager\b", "AbstractContextManager"),
]


def translate(text: str) -> str:
    """The module without asyncio, not formatted yet."""
    for pattern, replacement in WORDS:
        text = re.sub(pattern, replacement, text)
    return HEAD + text


def render(root: Path) -> dict[Path, str]:
    """Every generated module: its path under `root`, and its text."""
    return {
        TARGET / path.name: translate(path.read_text())
        for path in sorted((root / SOURCE).glob("*.py"))
        if path.name not in BY_HAND
    }
