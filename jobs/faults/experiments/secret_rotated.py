"""The callback secret is replaced while workers work: no result is refused."""

from jobs.faults.photos import slow_photo
from jobs.faults.world import World


def run(world: World) -> None:
    old = world.live.environment["GPU_CALLBACK_SECRET"]
    new = "n" * 40
    world.start("web", "maintenance", "gpu")
    job = world.start_set([slow_photo(0.8)] * 8)
    world.wait_done(job, 1)

    # First the server learns the new one, then the workers send it, then the old one goes.
    world.stop("web")
    world.start("web", GPU_CALLBACK_SECRET=f"{new},{old}")
    world.wait_done(job, 3)
    world.stop("gpu")
    world.start("gpu", GPU_CALLBACK_SECRET=new)
    world.stop("web")
    world.start("web", GPU_CALLBACK_SECRET=new)
    world.wait_finished()
    assert {item.status for item in world.items(job).values()} == {"done"}

    refused = world.callback(job, 0)
    assert refused.status_code == 403, "the old secret still opens"
    world.kill("web", "gpu")
