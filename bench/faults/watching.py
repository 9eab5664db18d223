"""Watchers of sets in work, who must know how it ended whatever happened in between."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

from bench.faults.customer import Customer
from bench.faults.keys import public_id_of
from bench.faults.world import World
from s3project.testing.listener import Listener

# Of each set: one with a token, the others by the address that a browser takes.
WATCHERS = 4
PATIENCE = 60.0


@contextmanager
def watched(world: World, sets: dict[UUID, Customer]) -> Iterator[list[Listener]]:
    """Has every set watched while the block lasts, and then until its end. What each watcher knows
    by then must be what the API says of the job."""
    with ExitStack() as watching:
        listeners: list[tuple[UUID, Listener]] = []
        for job, customer in sets.items():
            path = f"/jobs/{public_id_of(job)}"
            by_token = Listener(world.live.base_url, f"{path}/events", token=customer.token)
            events_url = customer.see(job)["events_url"]
            others = [Listener(world.live.base_url, events_url) for _ in range(WATCHERS - 1)]
            for one in (by_token, *others):
                listeners.append((job, watching.enter_context(one)))
        for _, one in listeners:
            one.wait(seconds=PATIENCE)
        yield [one for _, one in listeners]
        for job, one in listeners:
            one.wait_for_end(PATIENCE)
            assert known(one.job) == known(sets[job].see(job)), "a watcher was left behind"
        again = sum(len(one.statuses) - 1 for _, one in listeners)
        events = sum(len(one.events) for _, one in listeners)
        refused = sum(status >= 400 for _, one in listeners for status in one.statuses)
        assert refused == 0, "a browser would not have come again"
        world.result.notes.append(
            f"{len(listeners)} watchers, {events} events, came again {again} times"
        )


def known(job: Mapping[str, Any]) -> str:
    """Without what is signed for each, and fields that are gone."""
    kept = {
        name: value for name, value in job.items() if value is not None and name != "events_url"
    }
    kept["outputs_ready"] = [output["idx"] for output in job["outputs_ready"]]
    return json.dumps(kept, sort_keys=True)


def sets_in_work(world: World, photos: list[bytes], times: int) -> dict[UUID, Customer]:
    sets = {}
    for _ in range(times):
        customer = world.customer()
        sets[world.start_set(photos, customer=customer)] = customer
    return sets
