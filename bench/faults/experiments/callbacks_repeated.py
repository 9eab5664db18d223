"""Every result comes five times, from several connections, in any order."""

from concurrent.futures import ThreadPoolExecutor

from bench.faults.photos import QUICK
from bench.faults.world import World

ITEMS = 10
TIMES = 5
FAILED = {3, 7}


def run(world: World) -> None:
    world.start("web")
    world.kill("gpu")
    job = world.start_set([QUICK] * ITEMS)
    results = [idx for idx in range(ITEMS) for _ in range(TIMES)]
    world.random.shuffle(results)

    def send(idx: int) -> bool:
        answer = world.callback(job, idx, status="failed" if idx in FAILED else "done")
        assert answer.status_code == 200, answer.text
        processed: bool = answer.json()["data"]["processed"]
        return processed

    with ThreadPoolExecutor(8) as pool:
        processed = list(pool.map(send, results))

    assert sum(processed) == ITEMS
    world.wait_finished()
    items = world.items(job)
    assert {idx for idx, item in items.items() if item.status == "failed"} == FAILED
