"""How long something took, in the two largest units that matter to whoever reads it."""

from datetime import timedelta

UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def duration(span: timedelta | None) -> str:
    """`3 d 4 h`, `2 min 5 s`, `0.4 s`; what is below nothing, by clocks that differ, is `0 s`."""
    if span is None:
        return "–"
    seconds = span.total_seconds()
    if 0 < seconds < 10:
        return f"{seconds:.1f} s"
    parts: list[tuple[int, str]] = []
    left = max(round(seconds), 0)
    for name, size in UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append((count, name))
    return " ".join(f"{count} {name}" for count, name in parts[:2] if count) or "0 s"
