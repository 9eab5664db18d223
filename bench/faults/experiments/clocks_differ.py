"""Three workers, their clocks ten minutes ahead, right, and ten minutes behind; one is killed.

The broker's client dates what a worker has taken with that worker's clock. What the one behind
takes looks 20 minutes old to the one ahead, which is the visibility timeout: it gives it back to
the queue at once. So messages come twice here, and must not do harm.
"""

import re
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import requests

from bench.faults.photos import slow_photo
from bench.faults.world import World
from jobs.models import JobItem

CLOCK = Path(__file__).parents[1] / "clock"
OFFSETS = {"gpu-behind": -600, "gpu": 0, "gpu-ahead": 600}
SETS, PHOTOS = 2, 48
RECEIVED = re.compile(r"Task jobs\.process_items\[([0-9a-f-]+)\] received")


def run(world: World) -> None:
    world.kill("gpu")
    world.start("web", "maintenance")
    customer = world.customer()
    jobs = [world.start_set([slow_photo(2)] * PHOTOS, customer=customer) for _ in range(SETS)]
    for name, offset in OFFSETS.items():
        world.start(name, PYTHONPATH=str(CLOCK), CLOCK_OFFSET_SEC=str(offset))
        assert abs(_clock(world.live.log(name)) - offset) < 30, f"{name} has another clock"
    world.wait_for(
        lambda: all(" done in " in world.live.log(name) for name in OFFSETS), "all of them work"
    )
    assert _received_again(world) > 0, "no message looked old"
    taken = JobItem.objects.filter(job_id__in=jobs, attempt__gt=1).count()
    assert taken == 0, f"{taken} photos were taken from a worker that lived"

    twice = _received_again(world)
    held = world.held_by("gpu-ahead")
    killed_at = time.monotonic()
    world.kill("gpu-ahead")
    world.wait_finished(since=killed_at, of=held, seconds=150)
    items = [item for job in jobs for item in world.items(job).values()]
    assert {item.status for item in items} == {"done"}
    assert max(item.attempt for item in items) <= 2
    shown = customer.see(jobs[0])
    assert requests.get(shown["outputs_ready"][0]["result_url"], timeout=10).ok
    world.result.notes.append(f"{twice} messages came twice")
    world.kill("gpu-behind")


def _received_again(world: World) -> int:
    received: Counter[str] = Counter()
    for name in OFFSETS:
        received.update(RECEIVED.findall(world.live.log(name)))
    return sum(received.values()) - len(received)


def _clock(log: str) -> float:
    """Seconds that the last line is ahead of now."""
    last = datetime.fromisoformat(log.splitlines()[-1][:19]).replace(tzinfo=UTC)
    return (last - datetime.now(UTC)).total_seconds()
