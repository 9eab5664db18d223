"""Runs tests as on a machine that has other things to do:

    .venv/bin/python bench/pauses.py -q jobs/tests/stream

Now and then the whole run, or one of its processes, a database, a broker or a worker among them,
stands still for a moment. What fails here and not otherwise fails by chance elsewhere. Arguments
are pytest's; PAUSE is how long a pause may be, in seconds (0.8), and SEED where they come from.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

LONGEST = float(os.environ.get("PAUSE", "0.8"))
BETWEEN = 0.3, 2.0  # seconds


def main() -> int:
    seed = int(os.environ.get("SEED") or random.randrange(10**6))
    print(f"SEED={seed}", flush=True)
    chance = random.Random(seed)
    tests = subprocess.Popen([sys.executable, "-m", "pytest", *sys.argv[1:]])
    while tests.poll() is None:
        time.sleep(chance.uniform(*BETWEEN))
        with suppress(psutil.Error):  # it has just ended
            pause(psutil.Process(tests.pid), chance)
    return tests.returncode


def pause(run: psutil.Process, chance: random.Random) -> None:
    """Half of the time all of it, so that no time passes for anybody; else one process, which the
    others wait for."""
    family = [run, *run.children(recursive=True)]
    if chance.random() < 0.5:
        with stopped(family):
            time.sleep(chance.uniform(0.1, LONGEST))
    else:
        with stopped([chance.choice(family)]):
            time.sleep(chance.uniform(0.1, LONGEST / 2))


@contextmanager
def stopped(processes: list[psutil.Process]) -> Iterator[None]:
    """But for those that a test has stopped."""
    ours = []
    try:
        for process in processes:
            with suppress(psutil.Error):
                if process.status() != psutil.STATUS_STOPPED:
                    process.send_signal(signal.SIGSTOP)
                    ours.append(process)
        yield
    finally:
        for process in ours:
            with suppress(psutil.Error):
                process.send_signal(signal.SIGCONT)


if __name__ == "__main__":
    sys.exit(main())
