"""What a worker reports of an item, and what a job says of itself."""

from dataclasses import dataclass, field

from jobs.states import ItemStatus


@dataclass(frozen=True)
class ItemResult:
    """What a worker reports of one item. A key that is None stands for the issued one.

    held_ms: milliseconds that it kept the worker busy; 0 where a worker does not say.
    """

    idx: int
    status: ItemStatus
    idempotency_key: str
    output_key: str | None = None
    preview_key: str | None = None
    error: str = ""
    warnings: list[str] = field(default_factory=list)
    held_ms: int = 0


@dataclass(frozen=True)
class ResultEffect:
    """`processed`: the result changed something. `duplicate`: its key had an effect before.

    After an effect: how many other items of the job are sent and not reported, how many wait to be
    sent, and how many endpoints are to be told of this one.
    """

    processed: bool
    duplicate: bool = False
    at_work: int = 0
    unsent: int = 0
    told: int = 0


@dataclass(frozen=True)
class JobProgress:
    done: int
    failed: int
    total: int
