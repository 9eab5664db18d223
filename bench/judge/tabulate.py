#!/usr/bin/env python3
"""Turns scoring sheets into tables: means by kind of order, and points lost by reason.

    .venv/bin/python bench/judge/tabulate.py --key SHEETS/key.csv --scores SHEETS/scores*.csv

Several scoring sheets of the same key are several judges: each gets a line of means of its own, and
a result counts with the mean of its judges. Prints Markdown.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

from bench.judge.sheets import Entry

BEST, WORST = 5, 1
REASONS = (
    "leak", "hole", "border", "light", "paints", "protection", "cutout", "colour", "pattern",
    "refused",
)  # fmt: skip


@dataclass(frozen=True)
class Score:
    """lost: points by reason; together they make up what is missing to the best."""

    points: int
    lost: Mapping[str, int]


@dataclass(frozen=True)
class Judged:
    """A result and the scores of those who judged it."""

    entry: Entry
    scores: tuple[Score, ...]

    @property
    def mean(self) -> float:
        return fmean(score.points for score in self.scores)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--scores", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()
    results = judged(read_key(arguments.key), [read_scores(path) for path in arguments.scores])
    print(means_table(results))
    print()
    print(reasons_table(results))


def read_key(path: Path) -> list[Entry]:
    with path.open(newline="", encoding="utf-8") as file:
        return [Entry(**row) for row in csv.DictReader(file)]


def read_scores(path: Path) -> dict[str, Score]:
    """The scores of one judge by code; results that were left open are left out.

    Raises ValueError, naming the code, when points are not 1 to 5, a reason is not one of ours, or
    what was lost does not add up.
    """
    with path.open(newline="", encoding="utf-8") as file:
        return {
            row["code"]: score_of(row["code"], row["score"].strip(), row["lost"])
            for row in csv.DictReader(file)
            if row["score"].strip()
        }


def score_of(code: str, points: str, lost: str) -> Score:
    if points not in {str(number) for number in range(WORST, BEST + 1)}:
        raise ValueError(f"{code}: a score is {WORST} to {BEST}, not {points}")
    by_reason: dict[str, int] = {}
    for item in lost.split():
        reason, _, number = item.partition(":")
        if reason not in REASONS or not number.isdigit():
            raise ValueError(f"{code}: {item} is not one of {', '.join(REASONS)} with its points")
        by_reason[reason] = by_reason.get(reason, 0) + int(number)
    if sum(by_reason.values()) != BEST - int(points):
        raise ValueError(f"{code}: {lost or 'nothing'} does not add up to {BEST} - {points}")
    return Score(int(points), by_reason)


def judged(entries: Sequence[Entry], judges: Sequence[Mapping[str, Score]]) -> list[Judged]:
    """The results that somebody judged."""
    scored = (
        Judged(entry, tuple(scores[entry.code] for scores in judges if entry.code in scores))
        for entry in entries
    )
    return [result for result in scored if result.scores]


def means_table(results: Sequence[Judged]) -> str:
    """A line per kind of photo and order: how many, and per version the mean and how many at
    the worst."""
    versions = sorted({result.entry.version for result in results})
    lines = [
        "| | results | " + " | ".join(f"{version} | at 1 | 4 or 5" for version in versions) + " |",
        "|---|---:|" + "---:|---:|---:|" * len(versions),
    ]
    for label, group in groups(results):
        cells = [label, str(len({(one.entry.photo, one.entry.order) for one in group}))]
        for version in versions:
            means = [result.mean for result in group if result.entry.version == version]
            cells += [
                f"{fmean(means):.2f}" if means else "–",
                str(sum(mean == WORST for mean in means)),
                str(sum(mean >= BEST - 1 for mean in means)),
            ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def groups(results: Sequence[Judged]) -> list[tuple[str, list[Judged]]]:
    """Per kind of photo: all of it, then its orders."""
    found: dict[str, list[Judged]] = defaultdict(list)
    for result in sorted(results, key=lambda result: result.entry.kind, reverse=True):
        found[f"**{result.entry.kind}**"].append(result)
        found[f"{result.entry.kind}, {result.entry.order}"].append(result)
    return list(found.items())


def reasons_table(results: Sequence[Judged]) -> str:
    """Points lost by reason, the most first; those of several judges are averaged."""
    kinds = sorted({result.entry.kind for result in results}, reverse=True)
    columns = [(kind, version) for kind in kinds for version in versions_of(results)]
    lost: dict[tuple[str, str, str], float] = defaultdict(float)
    for result in results:
        for score in result.scores:
            for reason, points in score.lost.items():
                place = (reason, result.entry.kind, result.entry.version)
                lost[place] += points / len(result.scores)
    order = sorted(REASONS, key=lambda reason: -sum(lost[reason, *column] for column in columns))
    lines = [
        "| points lost | " + " | ".join(f"{kind}s, {version}" for kind, version in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    for reason in order:
        values = [lost[reason, *column] for column in columns]
        if any(values):
            lines.append(f"| {reason} | " + " | ".join(f"{value:g}" for value in values) + " |")
    return "\n".join(lines)


def versions_of(results: Sequence[Judged]) -> list[str]:
    return sorted({result.entry.version for result in results})


if __name__ == "__main__":
    main()
