"""The table of a run."""

from collections.abc import Mapping

from bench.faults.world import Result

COLUMNS = (
    "experiment", "", "photos", "done", "given back", "suppressed", "attempts", "rescue p50/p99 s",
    "delta", "s", "notes",
)  # fmt: skip


def table(rows: Mapping[str, tuple[Result, float, str]]) -> str:
    """Markdown; a row is (what was measured, seconds it took, what went wrong)."""
    lines = [COLUMNS, ("---",) * len(COLUMNS)]
    lines += [_row(name, *row) for name, row in rows.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(name: str, result: Result, seconds: float, problem: str) -> tuple[str, ...]:
    attempts = result.attempts
    mean = f"{sum(attempts) / len(attempts):.2f}, at most {max(attempts)}" if attempts else "–"
    rescues = sorted(result.rescues)
    rescue = f"{quantile(rescues, 50):.1f} / {quantile(rescues, 99):.1f}" if rescues else "–"
    return (
        name.replace("_", " "),
        "✗" if problem else "✓",
        str(result.accepted),
        str(result.done),
        str(result.failed),
        str(result.suppressed),
        mean,
        rescue,
        str(result.conservation_delta),
        f"{seconds:.0f}",
        problem or "; ".join(result.notes),
    )


def quantile(ordered: list[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
