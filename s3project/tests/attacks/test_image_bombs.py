"""Photos that are made to keep a worker busy, or to bring it down, on real processes."""

import time
from pathlib import Path

import psutil
import pytest

from jobs.gpu.engine.cell.cell import MOST_CPU_SECONDS
from jobs.gpu.engine.errors import DAMAGED, TOO_LONG
from jobs.tests.gpu.engine.formats.jpeg_bomb import progressive_bomb
from jobs.tests.gpu.engine.pictures import HEIC
from jobs.tests.live_sets import KITCHEN, is_finished, new_to_the_worker, start_set, wait_for
from s3project.testing.live import LiveStack
from s3project.testing.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

# A wrong byte in an item's type ends the process that reads it.
_TYPE_AT = HEIC["turned"].index(b"Exif")
DEADLY = HEIC["turned"][:_TYPE_AT] + b"\xff" + HEIC["turned"][_TYPE_AT + 1 :]


def cells_of(stack: LiveStack) -> list[psutil.Process]:
    """The processes that decode for the worker."""
    family = psutil.Process(stack.pids["gpu"]).children(recursive=True)
    return [one for one in family if any(part.endswith("cell/program.py") for part in cmd(one))]


def cmd(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []


def test_a_bomb_costs_its_seconds_and_is_refunded_and_its_neighbours_are_done(
    live_stack: LiveStack,
) -> None:
    live_stack.start_web()
    live_stack.start_worker(concurrency=1)
    first, second = new_to_the_worker(KITCHEN, 2)
    client, job_id = start_set(live_stack.base_url, [first, progressive_bomb(), DEADLY, second])
    wait_until(lambda: bool(cells_of(live_stack)), seconds=60)
    [worker] = {one.ppid() for one in cells_of(live_stack)}
    start = time.monotonic()

    job = wait_for(client, job_id, is_finished)

    assert [item["status"] for item in job["items"]] == ["done", "failed", "failed", "done"]
    assert job["items"][1]["error"] == TOO_LONG
    assert job["items"][2]["error"] == DAMAGED
    assert client.me()["credits"] == 10 - 2
    assert job["progress"] == {"done": 2, "failed": 2, "total": 4}
    # By the clock on the wall, of a machine that may be busy with other things.
    assert time.monotonic() - start < 6 * MOST_CPU_SECONDS
    # Nobody but the two that decoded them died.
    assert [one.ppid() for one in cells_of(live_stack)] == [worker]


def test_a_decoder_of_a_live_worker_knows_no_secret_and_has_no_socket(
    live_stack: LiveStack,
) -> None:
    live_stack.start_web()
    live_stack.start_worker(concurrency=1)
    client, job_id = start_set(live_stack.base_url, [KITCHEN])
    assert wait_for(client, job_id, is_finished)["status"] == "done"

    [decoder] = cells_of(live_stack)
    [worker] = decoder.parents()[:1]

    secrets = [
        value
        for name, value in live_stack.environment.items()
        if any(word in name for word in ("SECRET", "KEY", "PASSWORD", "TOKEN", "URL")) and value
    ]
    known = "\n".join([*decoder.environ().values(), *decoder.cmdline()])
    assert any(secret in "\n".join(worker.environ().values()) for secret in secrets)
    assert not [secret for secret in secrets if secret in known]
    assert not decoder.net_connections(kind="all")
    held = [Path(f"/proc/{decoder.pid}/fd/{number}").readlink() for number in range(4)]
    assert sorted(str(name).split(":")[0] for name in held) == [
        "/dev/null", "/memfd", "pipe", "pipe",
    ]  # fmt: skip
    assert decoder.num_fds() == 4
