"""One chunk of a job as a pipeline: photos are fetched and decoded ahead, go through the models
one at a time, and are edited, stored and reported behind.

OpenCV, ONNX Runtime, the compressor and the network let other threads run meanwhile.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from jobs.gpu import metrics, transfer
from jobs.gpu.engine.errors import ModelError, PhotoError, ProtectionError
from jobs.gpu.engine.messages import WorkItem, WorkMessage
from jobs.gpu.engine.order import Order
from jobs.gpu.engine.pipeline import EditedPhoto, Engine, PreparedPhoto, SeenPhoto
from jobs.gpu.engine.stopwatch import Stopwatch
from jobs.gpu.mask_store import BucketMaskStore
from jobs.gpu.memory_budget import MemoryBudget
from jobs.gpu.reporter import Claim, DeliveryFailed, Reporter
from jobs.presets import layers
from jobs.states import FINISHED
from s3project.logs.context import about, said
from s3project.telemetry.traces import span

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

STORAGE_AWAY = "the photo could not be read or stored"
MODEL_CANNOT_RUN = "the model could not run"
UNEXPECTED = "the photo could not be processed"

# Photos decoded and waiting for the models. One keeps them busy; more only hold memory.
_AHEAD = 1


class ChunkPipeline:
    """The items of one message. Each photo stands alone: what goes wrong with one is reported
    for that one."""

    def __init__(
        self,
        message: WorkMessage,
        reporter: Reporter,
        engine: Callable[[], Engine],
        concurrency: int,
        store: transfer.ObjectStore,
        budget: MemoryBudget,
    ) -> None:
        """At most `concurrency` photos are in memory at once, and no more than the budget holds."""
        self._message = message
        self._reporter = reporter
        self._engine = engine
        self._concurrency = concurrency
        self._store = store
        self._slots = threading.BoundedSemaphore(concurrency)
        self._shares = {item.idx: budget.share() for item in message.items}
        # Milliseconds that each photo kept the worker busy, waiting for others not counted.
        self._held_ms = dict.fromkeys(self._shares, 0)
        self._unreported = {item.idx for item in message.items}
        self._undelivered: DeliveryFailed | None = None
        self._job_ended = False
        self._claim = Claim(frozenset(), "unknown", 0)
        self._claimed_at = 0.0

    def process(self) -> None:
        """Edit the items that the server grants.

        Raises DeliveryFailed when a result could not be reported, after finishing what had begun.
        """
        self._renew()
        waiting: deque[tuple[WorkItem, Future[PreparedPhoto]]] = deque()
        todo = deque(self._message.items)
        with ExitStack() as parts:
            parts.enter_context(self._renewing())
            behind = parts.enter_context(ThreadPoolExecutor(max(1, self._concurrency - 1)))
            ahead = parts.enter_context(ThreadPoolExecutor(1))
            while todo or waiting:
                while todo and len(waiting) <= _AHEAD:
                    if not self._slots.acquire(blocking=not waiting):
                        break
                    item = todo.popleft()
                    if self._is_ours(item):
                        waiting.append((item, self._submit(ahead, self._prepare, item)))
                    else:
                        self._slots.release()
                if waiting:
                    item, prepared = waiting.popleft()
                    self._look(item, prepared, behind)
        if self._undelivered is not None:
            raise self._undelivered

    def _is_ours(self, item: WorkItem) -> bool:
        """Whether the item may be started. A process that was stopped for a while asks first."""
        with about(photo=item.idx):
            return self._may_start(item)

    def _may_start(self, item: WorkItem) -> bool:
        if self._undelivered is not None or self._job_ended:
            logger.info("photo is left")
            return False
        if time.monotonic() - self._claimed_at > self._claim.lease_seconds / 2:
            self._renew()
        if item.idx not in self._claim.granted:
            logger.info("photo is not ours (%s)", self._claim.job_status)
            metrics.PHOTOS.labels("refused").inc()
            return False
        return True

    def _renew(self) -> None:
        """Claim all that is not reported yet, what is being worked on included."""
        try:
            self._claim = self._reporter.claim(
                self._message, sorted(self._unreported.copy()), asks=self._store.asks
            )
            self._store.note(self._claim)
        except DeliveryFailed as error:
            self._undelivered = error
        self._claimed_at = time.monotonic()

    @contextmanager
    def _renewing(self) -> Iterator[None]:
        """Until the block ends, what is in work stays ours, however long a photo takes.

        What hangs is ended by Celery's time limit, and these renewals with it.
        """
        leaving = threading.Event()

        def renew() -> None:
            while (lease := self._claim.lease_seconds) and not leaving.wait(lease / 2):
                items = sorted(self._unreported.copy())
                if not items:
                    return  # all is told, and nothing is left to be kept
                try:
                    self._claim = self._reporter.claim(self._message, items, patient=False)
                except DeliveryFailed as error:
                    # The next one may come through; if none does, the lease ends.
                    logger.warning("the claim is not renewed: %s", error)
                else:
                    self._claimed_at = time.monotonic()
                    self._job_ended |= self._claim.job_status in FINISHED

        in_context = copy_context()
        thread = threading.Thread(target=in_context.run, args=(renew,), name="renewal", daemon=True)
        thread.start()
        try:
            yield
        finally:
            leaving.set()
            thread.join()

    def _order(self, item: WorkItem) -> Order:
        message = self._message
        store = BucketMaskStore(self._store, message.user_id, message.job_id, item.idx)
        return Order(
            message.concepts,
            message.protect,
            layers=layers(message.preset),
            protect_defaulted=message.protect_defaulted,
            store=store,
            admit=self._shares[item.idx].admit,
        )

    @contextmanager
    def _holding(self, item: WorkItem) -> Iterator[None]:
        share, start = self._shares[item.idx], time.monotonic()
        waited = share.waited
        try:
            yield
        finally:
            seconds = time.monotonic() - start - (share.waited - waited)
            self._held_ms[item.idx] += round(1000 * seconds)

    @staticmethod
    def _submit(
        pool: ThreadPoolExecutor, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> Future[R]:
        """To a thread whose lines of the log are about the same as those here."""
        context = copy_context()
        return pool.submit(lambda: context.run(work, *args, **kwargs))

    def _prepare(self, item: WorkItem) -> PreparedPhoto:
        with about(photo=item.idx), span("fetch and decode"), self._holding(item):
            return self._read(item)

    def _read(self, item: WorkItem) -> PreparedPhoto:
        watch = Stopwatch()
        with watch.measure("fetch"):
            data = transfer.fetch_photo(self._store, item.input_key)
        prepared = self._engine().prepare(data, self._order(item))
        self._shares[item.idx].decoded()
        prepared.watch.seconds.update(watch.seconds)
        return prepared

    def _look(
        self, item: WorkItem, prepared: Future[PreparedPhoto], behind: ThreadPoolExecutor
    ) -> None:
        try:
            ready = prepared.result()
            with about(photo=item.idx), span("look"), self._holding(item):
                seen = self._engine().look(ready)
        except Exception as error:  # `_conclude` reports it, whatever it is
            self._submit(behind, self._conclude, item, error)
        else:
            self._submit(behind, self._conclude, item, seen)

    def _conclude(self, item: WorkItem, seen: SeenPhoto | Exception) -> None:
        """Finish an item or report why it cannot be; frees its place in any case."""
        with about(photo=item.idx):
            self._finish_and_report(item, seen)

    def _finish_and_report(self, item: WorkItem, seen: SeenPhoto | Exception) -> None:
        try:
            try:
                if isinstance(seen, Exception):
                    raise seen
                with span("edit and store"), self._holding(item):
                    result = self._finish(item, seen)
            except transfer.NotOurs as error:
                # Whoever has it now reports it.
                logger.info("photo is left: %s", error)
                metrics.PHOTOS.labels("refused").inc()
                self._unreported.discard(item.idx)
                return
            except transfer.ServerAway as error:
                self._undelivered = DeliveryFailed(str(error))
                return
            except Exception as error:
                # Broad on purpose, here and in `_look`: an unforeseen fault of the engine or the
                # storage fails this photo, and must not take down its neighbours.
                metrics.PHOTOS.labels("failed").inc()
                status = self._reporter.failed(
                    self._message,
                    item.idx,
                    self._reason(error),
                    held_ms=self._held_ms[item.idx],
                )
            else:
                # Outside the try: a failed callback never turns a finished item into a failed one.
                metrics.PHOTOS.labels("done").inc()
                status = self._reporter.done(
                    self._message,
                    item.idx,
                    result.warnings,
                    places=result.places,
                    held_ms=self._held_ms[item.idx],
                )
            self._unreported.discard(item.idx)
            if status in FINISHED:
                self._job_ended = True
        except DeliveryFailed as error:
            self._undelivered = error
        finally:
            self._shares[item.idx].release()
            self._slots.release()

    def _finish(self, item: WorkItem, seen: SeenPhoto) -> EditedPhoto:
        watch = seen.prepared.watch
        result = self._engine().finish(seen)
        with watch.measure("store"):
            self._store.write(item.output_key, result.png, "image/png")
            self._store.write(item.preview_key, result.preview, "image/jpeg")
        for stage, seconds in watch.seconds.items():
            metrics.STAGE.labels(stage).observe(seconds)
        stages = {stage: round(seconds, 3) for stage, seconds in watch.seconds.items()}
        logger.info(
            "photo done in %.2f s: %dx%d",
            *(sum(watch.seconds.values()), result.width, result.height),
            extra=said(**stages),
        )
        return result

    def _reason(self, error: Exception) -> str:
        """What the client is told. The log has the rest in full."""
        if isinstance(error, PhotoError):
            logger.info("photo failed: %s", error.reason)
            return error.reason
        logger.error("photo failed", exc_info=error)
        if isinstance(error, transfer.TransferFailed):
            return STORAGE_AWAY
        if isinstance(error, ModelError | ProtectionError):
            return MODEL_CANNOT_RUN
        return UNEXPECTED
