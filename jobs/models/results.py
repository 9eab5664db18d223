"""What a worker reports of an item, and what a job says of itself."""

from dataclasses import dataclass, field

from jobs.states import ItemStatus


@dataclass(frozen=True)
class ItemResult:
    """What a worker reports of one item. A key that is None stands for the issued one."""

    idx: int
    status: ItemStatus
    idempotency_key: str
    output_key: str | None = None
    preview_key: str | None = None
    error: str = ""
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ResultEffect:
    """`processed`: the result changed something. `duplicate`: its key had an effect before.

    After an effect: how many other items of the job are sent and not reported, and how many wait
    to be sent.
    """

    processed: bool
    duplicate: bool = False
    at_work: int = 0
    unsent: int = 0


@dataclass(frozen=True)
class JobProgress:
    done: int
    failed: int
    total: int
