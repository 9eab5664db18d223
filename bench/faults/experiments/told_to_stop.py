"""SIGTERM: a worker finishes what it has in hand, the API the request that it is answering."""

import signal
import threading
import time

import requests

from bench.faults.photos import slow_photo
from bench.faults.world import World
from jobs.models import JobItem


def run(world: World) -> None:
    world.start("web", "maintenance", "gpu")
    job = world.start_set([slow_photo(1.2)] * 2)
    world.wait_in_hand(job)
    world.live.kill("gpu", signal.SIGTERM)
    world.wait_finished(seconds=30)
    items = world.items(job).values()
    assert {(item.status, item.attempt) for item in items} == {("done", 1)}
    world.kill("gpu")

    # A result that waits for its job's lock is being answered when the signal comes.
    other = world.start_set([slow_photo(1.0)])
    answers: list[requests.Response] = []
    with world.held(other):
        caller = threading.Thread(target=lambda: answers.append(world.callback(other, 0)))
        caller.start()
        time.sleep(0.7)
        world.live.kill("web", signal.SIGTERM)
        time.sleep(0.7)
    caller.join(20)
    assert [answer.status_code for answer in answers] == [200]
    assert JobItem.objects.get(job_id=other).status == "done"
    world.kill("web")
