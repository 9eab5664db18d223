"""The plans, in one place: adding one is one entry (contract §1.2)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """What a plan grants once and allows at any time. One credit is one photo.

    weight: how many chunks of a job the workers take where they take one of a job of weight 1.
    """

    name: str
    initial_credits: int
    max_concurrency: int
    max_rules: int
    max_items_per_job: int
    weight: int


PLANS = {
    plan.name: plan
    for plan in (
        Plan(
            "free",
            initial_credits=10,
            max_concurrency=1,
            max_rules=2,
            max_items_per_job=10,
            weight=1,
        ),
        Plan(
            "pro",
            initial_credits=200,
            max_concurrency=3,
            max_rules=20,
            max_items_per_job=200,
            weight=2,
        ),
    )
}
DEFAULT_PLAN = "free"
