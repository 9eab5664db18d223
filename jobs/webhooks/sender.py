"""The sender: takes what is due, sends it from threads, and writes down what came of it.

It works beside the tasks of its process, so that no sweep waits for a receiver: a task, or the
clock, wakes it, and it ends when nothing is due. While it waits for receivers it has neither a
transaction nor a connection to the database. Killed at any moment, it leaves leases that end, and
what it had is sent again under the same id.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from jobs.webhooks import metrics
from jobs.webhooks.claiming import Claimed, claim, waiting_turns
from jobs.webhooks.outcomes import record_outcome
from jobs.webhooks.posting import Answer, NotSent, post
from jobs.webhooks.signing import signed_headers
from jobs.webhooks.target import BadTarget, read_target
from jobs.webhooks.turns import SLOTS, Turn, next_turns
from s3project import ids
from s3project.logs.context import Fact, about

logger = logging.getLogger(__name__)

Outcome = Answer | NotSent
# Makes the body of an event; it reads the database, and comes from above.
Payload = Callable[[Claimed], bytes]


class Sender:
    """One for a process. `payload` is called where the database is, never while it is sent."""

    def __init__(self, payload: Payload, *, slots: int = SLOTS) -> None:
        self._payload = payload
        self._slots = slots
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        # Outcomes, and None for somebody who wants it to look again.
        self._news: queue.SimpleQueue[tuple[Claimed, Outcome] | None] = queue.SimpleQueue()
        self._at_work: dict[object, Turn] = {}

    def wake(self) -> None:
        """What is due is sent soon; returns at once. From any thread."""
        with self._lock:
            self._news.put(None)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)
                self._thread.start()

    def run(self, rest: Callable[[], None] = lambda: None) -> int:
        """Sends until nothing is due or at work; returns how many tries there were. `rest` is
        called before every wait."""
        tries = 0
        while True:
            tries += self._begin()
            if not self._at_work:
                return tries
            rest()
            self._hear(self._news.get())
            while not self._news.empty():
                self._hear(self._news.get())

    def _work(self) -> None:
        try:
            while True:
                self._forget_calls()
                self.run(connection.close)
                with self._lock:
                    if self._news.empty():
                        self._thread = None
                        return
        except (DatabaseError, InterfaceError):
            # Leases have what was at work, and the clock wakes it again.
            logger.exception("the sender of webhooks lost the database")
            self._give_up()
        except BaseException:
            self._give_up()
            raise
        finally:
            connection.close()

    def _forget_calls(self) -> None:
        while not self._news.empty():
            self._hear(self._news.get())

    def _give_up(self) -> None:
        with self._lock:
            self._thread = None

    def _begin(self) -> int:
        """Starts what there is room for; returns how many tries."""
        if len(self._at_work) >= self._slots:
            return 0
        chosen = next_turns(waiting_turns(), self._at_work.values(), slots=self._slots)
        turns = {turn.delivery_id: turn for turn in chosen}
        started = 0
        for claimed in claim(chosen):
            try:
                body = self._payload(claimed)
            except Exception:
                # One event must not hold up those of others. Its lease ends, and it comes again.
                with _about(claimed):
                    logger.exception("the event %s could not be made", claimed.message_id)
                continue
            self._at_work[claimed.id] = turns[claimed.id]
            threading.Thread(
                target=self._send, args=(claimed, body), name="webhook", daemon=True
            ).start()
            started += 1
        return started

    def _send(self, claimed: Claimed, body: bytes) -> None:
        """In a thread of its own, without the database."""
        outcome: Outcome = NotSent("it could not be sent")
        try:
            with metrics.SECONDS.time():
                outcome = try_once(claimed, body)
        except Exception:
            with _about(claimed):
                logger.exception("sending %s broke", claimed.message_id)
        finally:
            self._news.put((claimed, outcome))

    def _hear(self, news: tuple[Claimed, Outcome] | None) -> None:
        if news is None:
            return
        claimed, outcome = news
        self._at_work.pop(claimed.id, None)
        with _about(claimed):
            result = record_outcome(claimed, outcome)
            metrics.TRIES.labels(result).inc()
            if result == metrics.DELIVERED:
                age = datetime.now(UTC) - claimed.happened_at
                metrics.AGE.observe(age.total_seconds())
            answer = outcome.status if isinstance(outcome, Answer) else outcome
            words = result.replace("_", " ")
            logger.info("webhook, try %d: %s, %s", claimed.attempt, answer, words)


@contextmanager
def _about(claimed: Claimed) -> Iterator[None]:
    """Whose event it is, for the log."""
    facts: dict[str, Fact] = {"delivery": claimed.message_id, "webhook_event": claimed.type}
    if claimed.job_id is not None:
        facts["job"] = ids.public_id(ids.JOB, claimed.job_id)
    if claimed.idx is not None:
        facts["photo"] = claimed.idx
    with about(user=ids.public_id(ids.USER, claimed.user_id), **facts):
        yield


def try_once(claimed: Claimed, body: bytes) -> Outcome:
    """One try, whatever comes of it."""
    headers = signed_headers(
        message_id=claimed.message_id,
        moment=int(time.time()),
        body=body,
        secrets=claimed.secrets,
    )
    allowed = settings.WEBHOOK_ALLOW_NETWORKS
    try:
        target = read_target(claimed.url, allow_http=settings.WEBHOOK_ALLOW_HTTP, allowed=allowed)
        return post(target, body, headers, allowed=allowed)
    except BadTarget:
        # It was allowed when it was made, and the operator's mind has changed.
        return NotSent("this address is not allowed any more")
    except NotSent as error:
        return error
