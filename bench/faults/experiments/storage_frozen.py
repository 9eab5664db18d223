"""The storage hangs for half a minute: confirm-upload says 503, photos in work are not lost."""

import signal
import time

from bench.faults.photos import QUICK, slow_photo
from bench.faults.world import World

SECONDS = 30
LONGEST_CONFIRM = 12.0


def run(world: World) -> None:
    # Leases of life: a photo may wait for the storage as long as its worker does.
    world.kill("web", "maintenance")
    world.start("web", "maintenance", WORK_LEASE_SEC="120", QUEUE_LEASE_SEC="300")
    world.start("gpu")
    customer = world.customer()
    waiting = customer.create_and_upload([QUICK])
    job = world.start_set([slow_photo(1.5)] * 4, customer=customer)
    world.wait_in_hand(job)

    frozen_at = time.monotonic()
    world.stack.signal_engine("storage", signal.SIGSTOP)
    try:
        assert customer.is_told_to_confirm_later(waiting)
        seconds = time.monotonic() - frozen_at
        assert seconds <= LONGEST_CONFIRM, f"confirm-upload took {seconds:.1f} s"
        time.sleep(max(0.0, frozen_at + SECONDS - time.monotonic()))
    finally:
        world.stack.signal_engine("storage", signal.SIGCONT)
    world.wait_finished(since=frozen_at, seconds=150)

    # Done after the client's own retries, or given back; never left over.
    assert {item.status for item in world.items(job).values()} <= {"done", "failed"}
    assert customer.confirm(waiting) == []
    world.result.notes.append(f"confirm-upload 503 after {seconds:.1f} s")
    world.kill("web", "maintenance")
