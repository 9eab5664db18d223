"""One package: its photos are read one after another, what its template makes of them goes into a
ZIP on the disk, and ZIP and board are stored and reported.
"""

import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from typing import BinaryIO, Protocol, TypeVar

from jobs import keys
from jobs.gpu import transfer
from jobs.gpu.engine.errors import ModelError, PhotoError, ProtectionError
from jobs.gpu.engine.memory import MaskStore
from jobs.gpu.engine.messages import WorkItem
from jobs.gpu.engine.packages.archive import Archive
from jobs.gpu.engine.packages.boards import encode_board
from jobs.gpu.engine.packages.filenames import plain_stem, plain_stems
from jobs.gpu.engine.packages.lettering import legible
from jobs.gpu.engine.packages.message import PackageMessage
from jobs.gpu.engine.packages.subject import Subject, Wanted
from jobs.gpu.engine.packages.templates import TEMPLATES, Package, Template
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.mask_store import BucketMaskStore
from jobs.gpu.memory_budget import MemoryBudget, Share
from jobs.gpu.patience import Patience, StorageAway
from jobs.gpu.reporter import Claim, DeliveryFailed, Reporter
from jobs.presets import layers
from s3project import ids

logger = logging.getLogger(__name__)

R = TypeVar("R")

BOARD = "board"
RESULT_GONE = "a result could not be read"
MODEL_CANNOT_RUN = "the model could not run"
STORAGE_AWAY = "the storage did not answer"
UNEXPECTED = "the package could not be made"


class Outlast(Protocol):
    """See `Patience.outlast`."""

    def __call__(self, work: Callable[[], R]) -> R: ...


class ResultGone(PhotoError):
    """A result that was done is not in the storage."""


class Packer:
    """Makes the package of one message. Of a photo that nothing can be made of nothing is in it;
    without any, the package fails with the first one's reason. An outage of the storage is waited
    out under the lease: half a package is not begun anew for it, and no attempt is lost.
    """

    def __init__(
        self,
        message: PackageMessage,
        reporter: Reporter,
        engine: Callable[[], Engine],
        store: transfer.ObjectStore,
        budget: MemoryBudget,
        patience: Patience,
    ) -> None:
        self._message = message
        self._reporter = reporter
        self._engine = engine
        self._store = store
        self._budget = budget
        self._patience = patience
        self._lost = False
        self._lease = 0
        self._started = time.monotonic()

    def make(self) -> None:
        """Raises DeliveryFailed when the server is away: then it is delivered again."""
        claim = self._reporter.claim_package(self._message, [], asks=self._store.asks)
        if not claim.lease_seconds:
            logger.info("%s is not ours (%s)", self._name, claim.job_status)
            return
        self._take(claim)
        try:
            with self._renewing(), tempfile.TemporaryFile() as file:
                files, board = self._pack(file)
                self._give_up_if_lost()
                self._put(keys.board_key, board, "image/jpeg")
                size = file.seek(0, 2)
                self._put(keys.package_key, file, "application/zip")
        except transfer.NotOurs as error:
            # Whoever has it now reports it.
            logger.info("%s is left: %s", self._name, error)
        except StorageAway as error:
            logger.error("%s: %s", self._name, error)
            self._reporter.package_failed(self._message, STORAGE_AWAY, held_ms=self._held_ms())
        except transfer.TransferFailed as error:
            raise DeliveryFailed(f"{self._name}: {error}") from error
        except DeliveryFailed:
            raise
        except Exception as error:
            # Broad on purpose: an unforeseen fault of the engine fails this package, and is told.
            self._reporter.package_failed(
                self._message, self._reason(error), held_ms=self._held_ms()
            )
        else:
            held_ms = self._held_ms()
            self._reporter.package_ready(self._message, files=files, size=size, held_ms=held_ms)
            made = (self._name, files, size, held_ms)
            logger.info("%s is ready: %d files, %d bytes in %d ms", *made)

    @property
    def _name(self) -> str:
        return f"{self._message.work.job_id} {self._message.template}.{self._message.edition}"

    def _held_ms(self) -> int:
        """What it kept the worker busy; nobody answers for the time that the storage was away."""
        held = time.monotonic() - self._started - self._patience.waited
        return max(0, round(1000 * held))

    def _pack(self, file: BinaryIO) -> tuple[int, bytes]:
        """How many files went into the archive, and the board as JPEG. Raises PhotoError when
        nothing could be made of any photo.
        """
        message, options = self._message, self._message.options
        items = message.work.items
        template = TEMPLATES[message.template](
            Package(
                preset=message.work.preset,
                count=len(items),
                language="en" if options.get("language") == "en" else "ko",
                title=legible(str(options.get("title") or "")),
                colours=[str(one) for one in options.get("colors") or ()],
            )
        )
        names = [(item.idx, message.names.get(item.idx, "")) for item in items]
        stems = plain_stems(names, taken=[BOARD])
        first: PhotoError | None = None
        made = 0
        with Archive(file) as archive:
            for item, stem in zip(items, stems, strict=True):
                self._give_up_if_lost()
                try:
                    self._add(template, self._subject(item, stem), archive)
                except PhotoError as error:
                    logger.info("%s leaves out #%d: %s", self._name, item.idx, error.reason)
                    first = first or error
                else:
                    made += 1
            if not made:
                assert first is not None, "a message has photos"
                raise first
            board = encode_board(template.board())
            archive.add(f"{BOARD}.jpg", BytesIO(board))
            return archive.files, board

    def _add(self, template: Template, subject: Subject, archive: Archive) -> None:
        for made in template.files(subject):
            with closing(made.content) as content:
                archive.add(made.name, content)
            self._give_up_if_lost()

    def _subject(self, item: WorkItem, stem: str) -> Subject:
        work = self._message.work
        wanted = Wanted(work.concepts, work.protect, layers(work.preset))
        caption = legible(plain_stem(self._message.names.get(item.idx, "")))
        sources = _Sources(self._store, self._message, item, self._budget, self._outlast)
        return Subject(self._engine(), sources, wanted, idx=item.idx, stem=stem, caption=caption)

    def _put(self, key_of: Callable[..., str], data: bytes | BinaryIO, content_type: str) -> None:
        work = self._message.work
        user_id = ids.parse_public_id(ids.USER, work.user_id)
        job_id = ids.parse_public_id(ids.JOB, work.job_id)
        key = key_of(user_id, job_id, self._message.template, self._message.edition)

        def write() -> None:
            if not isinstance(data, bytes):
                data.seek(0)
            self._store.write(key, data, content_type)

        self._outlast(write)

    def _outlast(self, work: Callable[[], R]) -> R:
        return self._patience.outlast(work, worth_it=self._give_up_if_lost)

    # --- The lease -----------------------------------------------------------------------------

    def _take(self, claim: Claim) -> None:
        self._store.note(claim)
        self._lease = claim.lease_seconds

    def _give_up_if_lost(self) -> None:
        if self._lost:
            raise transfer.NotOurs("it is somebody else's, or nobody's any more")

    @contextmanager
    def _renewing(self) -> Iterator[None]:
        """Until the block ends the package stays ours; where it does not, that is noted."""
        leaving = threading.Event()

        def renew() -> None:
            while not leaving.wait(self._lease / 2):
                try:
                    claim = self._reporter.claim_package(self._message, [], patient=False)
                except DeliveryFailed as error:
                    # The next one may come through; if none does, the lease ends.
                    logger.warning("%s is not renewed: %s", self._name, error)
                else:
                    if not claim.lease_seconds:
                        self._lost = True
                        return

        thread = threading.Thread(target=renew, name="renewal", daemon=True)
        thread.start()
        try:
            yield
        finally:
            leaving.set()
            thread.join()

    def _reason(self, error: Exception) -> str:
        """What the client is told. The log has the rest in full."""
        if isinstance(error, PhotoError):
            logger.info("%s failed: %s", self._name, error.reason)
            return error.reason
        logger.error("%s failed", self._name, exc_info=error)
        if isinstance(error, ModelError | ProtectionError):
            return MODEL_CANNOT_RUN
        return UNEXPECTED


class _Sources:
    """See `subject.Sources`: the files of one photo in the bucket."""

    def __init__(
        self,
        store: transfer.ObjectStore,
        message: PackageMessage,
        item: WorkItem,
        budget: MemoryBudget,
        outlast: Outlast,
    ) -> None:
        self._store = store
        self._item = item
        self._budget = budget
        self._outlast = outlast
        work = message.work
        # Masks are not waited for: they are worth no more than a segmentation.
        self.masks: MaskStore = BucketMaskStore(store, work.user_id, work.job_id, item.idx)

    def photo(self) -> bytes:
        return self._outlast(lambda: transfer.fetch_photo(self._store, self._item.input_key))

    def result(self) -> BinaryIO:
        key = self._item.output_key
        file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 (whoever asked for it closes it)
        try:
            if not self._outlast(lambda: transfer.fetch_into(self._store, key, file)):
                raise ResultGone(RESULT_GONE)
        except Exception:
            file.close()
            raise
        file.seek(0)
        return file

    def preview(self) -> bytes:
        data = self._outlast(lambda: transfer.fetch(self._store, self._item.preview_key))
        if data is None:
            raise ResultGone(RESULT_GONE)
        return data

    def share(self) -> Share:
        return self._budget.share()
