"""What a worker reports of an item, and what a job says of itself."""

from dataclasses import dataclass, field
from typing import NamedTuple, NotRequired, TypedDict

from jobs.states import ItemStatus


class FoundInstance(TypedDict):
    """One of the things, or of the paints of a thing, that edits number; kept as it is shown.

    box: left, top, right, bottom as shares (0-1) of the photo. share: of the concept's area. score:
    of a thing, colour: of a paint, where the worker tells them.
    """

    box: list[float]
    share: float
    score: NotRequired[float]
    colour: NotRequired[str]


@dataclass(frozen=True)
class ItemResult:
    """What a worker reports of one item. A key that is None stands for the issued one.

    held_ms: milliseconds that it kept the worker busy; 0 where a worker does not say. instances:
    where each concept lies, by name; empty where a worker does not say.
    """

    idx: int
    status: ItemStatus
    idempotency_key: str
    output_key: str | None = None
    preview_key: str | None = None
    error: str = ""
    warnings: list[str] = field(default_factory=list)
    held_ms: int = 0
    instances: dict[str, list[FoundInstance]] = field(default_factory=dict)


class ResultEffect(NamedTuple):
    """`processed`: the result changed something. `duplicate`: its key had an effect before.

    After an effect: how many other items of the job are sent and not reported, how many wait to be
    sent, and how many endpoints are to be told of this one.
    """

    processed: bool
    duplicate: bool = False
    at_work: int = 0
    unsent: int = 0
    told: int = 0


class JobProgress(NamedTuple):
    done: int
    failed: int
    total: int
