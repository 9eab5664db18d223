"""Waiting for a storage that is away, where giving up costs more than the time."""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from jobs.gpu.transfer import NotOurs, ServerAway, TooLarge, TransferFailed

logger = logging.getLogger(__name__)

R = TypeVar("R")

# Seconds between two tries, each of which repeats its requests for some seconds itself. Jitter
# keeps a fleet from coming back in step.
FIRST_WAIT = 5.0
LONGEST_WAIT = 30.0
JITTER = 0.2


class StorageAway(TransferFailed):
    """The storage did not come back while it was waited for."""


class Patience:
    """For one piece of work: what it waits for the storage in all, however many outages there are.

    waited: seconds so far.
    """

    def __init__(
        self,
        seconds: float,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._sleep = sleep
        self._clock = clock
        self.waited = 0.0

    def outlast(self, work: Callable[[], R], *, worth_it: Callable[[], None]) -> R:
        """What `work` returns, tried again while the storage is away; `worth_it` raises when it
        need not be waited for any more.

        Raises StorageAway in the end, and at once what no waiting helps against.
        """
        wait = FIRST_WAIT
        while True:
            began = self._clock()
            try:
                return work()
            except (NotOurs, ServerAway, TooLarge):
                raise
            except TransferFailed as error:
                if self.waited >= self._seconds:
                    raise StorageAway(f"{error}, for {self.waited:.0f} s") from error
                worth_it()
                logger.warning("the storage is away (%s), waiting about %.0f s", error, wait)
                self._sleep(wait * random.uniform(1 - JITTER, 1 + JITTER))
                self.waited += self._clock() - began
                wait = min(2 * wait, LONGEST_WAIT)
