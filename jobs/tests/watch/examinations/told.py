"""What an examination says, to be compared."""

from jobs.watch.doctor import EXAMINATIONS
from jobs.watch.examinations.diagnosis import Diagnosis


def of(part: str) -> list[Diagnosis]:
    return list(EXAMINATIONS[part]())


def findings(part: str) -> list[tuple[str, str]]:
    return [(found.state.value, found.finding) for found in of(part)]
