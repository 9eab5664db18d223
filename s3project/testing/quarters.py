"""The quarters of an hour: URLs are signed anew when one begins (`jobs/storage/presign.py`), and at
some of them an hour or a day ends. What is compared with itself should lie in one.
"""

import time

QUARTER_SECONDS = 15 * 60
# Longer than tests take that start no process.
ROOM_SECONDS = 3.0


def wait_for_room(seconds: float = ROOM_SECONDS) -> None:
    """Where the present quarter ends within so many seconds, waits for the next one."""
    left = QUARTER_SECONDS - time.time() % QUARTER_SECONDS
    if left < seconds:
        time.sleep(left)
