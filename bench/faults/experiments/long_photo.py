"""A photo takes longer than a work lease: it stays with its worker, and is edited once."""

from bench.faults.photos import QUICK, slow_photo
from bench.faults.world import World


def run(world: World) -> None:
    world.start("web", "maintenance", "gpu")
    job = world.start_set([slow_photo(5), QUICK])  # a lease is 3 s

    world.wait_finished()

    found = {idx: (item.status, item.attempt) for idx, item in world.items(job).items()}
    assert found == {0: ("done", 1), 1: ("done", 1)}
