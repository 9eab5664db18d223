"""The bucket for a worker that holds no key to it: by the URLs that a claim brings.

A URL is used only where it leads to the storage of this worker's own settings, to the object whose
key this worker made: neither a forged message nor a server in other hands sends a photo elsewhere.
"""

import logging
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import quote
from uuid import UUID

import requests

from jobs import keys
from jobs.gpu.engine.messages import WorkMessage
from jobs.gpu.reporter import Claim, DeliveryFailed, Reporter
from jobs.gpu.transfer import BrokenOff, NotOurs, ServerAway, TooLarge, TransferFailed
from jobs.limits import MAX_PHOTO_BYTES, TOO_LARGE_MARK
from s3project import ids

logger = logging.getLogger(__name__)

# As the client of a worker with keys: seconds to connect and of one read, and the most seconds
# before each further try of a request that got no answer, or one of these.
TIMEOUT = (3, 20)
BACKOFF = (1, 2, 4)
PASSING = frozenset({429, 500, 502, 503, 504})
# Of its life a URL is used for so much, so that it is good for the request that it is taken for.
USED_FOR = 0.75
PIECE = 256 * 1024  # bytes


@dataclass(frozen=True)
class Wish:
    """What is asked for an item besides its photo and its results."""

    idx: int
    names: tuple[str, ...] = ()
    digest: str = ""
    stem: str = ""


@dataclass(frozen=True)
class _Leave:
    """A URL, and until when by this process's clock it is used."""

    url: str
    until: float


class UrlStore:
    """See `transfer.ObjectStore`. URLs that have served their time are asked for again by a claim,
    which a worker that lost the item is not granted."""

    asks: Mapping[str, Any] = {"urls": True}
    # What is done with results.
    results = "PUT"

    def __init__(
        self, message: WorkMessage, reporter: Reporter, *, endpoint: str, bucket: str
    ) -> None:
        """`endpoint` is the storage's address, `bucket` the one and only that is used there."""
        self._message = message
        self._reporter = reporter
        self._base = f"{endpoint.rstrip('/')}/{bucket}/"
        self._user_id = _uuid(ids.USER, message.user_id)
        self._job_id = _uuid(ids.JOB, message.job_id)
        self._items = {item.idx: item for item in message.items}
        self._wishes: dict[str, Wish] = {}  # by key, what to ask for to get it
        self._leaves: dict[tuple[str, str], _Leave] = {}  # by method and key
        self._lock = threading.Lock()
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        for item in message.items:
            for key in (item.input_key, item.output_key, item.preview_key):
                self._wishes[key] = Wish(item.idx)

    def close(self) -> None:
        for session in self._sessions:
            session.close()

    # --- URLs --------------------------------------------------------------------------------

    def note(self, claim: Claim) -> None:
        until = claim.asked_at + claim.lease_seconds * USED_FOR
        for entry in claim.urls:
            item = self._items.get(entry.get("idx", -1))
            if item is None or item.idx not in claim.granted:
                continue
            self._keep("GET", item.input_key, entry.get("input"), until)
            self._keep(self.results, item.output_key, entry.get("output"), until)
            self._keep(self.results, item.preview_key, entry.get("preview"), until)
            for mask in entry.get("masks", ()):
                # Only what was asked for, and so has a key that was made here.
                if mask.get("key") in self._wishes:
                    self._keep("GET", mask["key"], mask.get("get"), until)
                    self._keep("PUT", mask["key"], mask.get("put"), until)

    def open_masks(self, idx: int, names: Sequence[str], digest: str, stem: str = "") -> None:
        own = keys.mask_stem(self._user_id, self._job_id, idx)
        wanted = [keys.by_photo_key(self._user_id, digest)]
        for one in {own, stem or own}:
            wanted += [keys.instances_key(one), *(keys.mask_key(one, name) for name in names)]
        if all(self._known("GET", key) for key in wanted):
            return
        wish = Wish(idx, tuple(names), digest, stem)
        for key in wanted:
            self._wishes[key] = wish
        self._ask(wish)

    def _url(self, method: str, key: str) -> str:
        known = self._known(method, key)
        if known is None:
            wish = self._wishes.get(key)
            if wish is None:
                raise TransferFailed(f"no URL was asked for {key}")
            self._ask(wish)
            known = self._known(method, key)
        if known is None:
            raise ServerAway(f"the server gave no URL for {key} that could be used")
        return known.url

    def _known(self, method: str, key: str) -> _Leave | None:
        with self._lock:
            known = self._leaves.get((method, key))
        return known if known is not None and time.monotonic() < known.until else None

    def _forget(self, method: str, key: str) -> None:
        with self._lock:
            self._leaves.pop((method, key), None)

    def _ask(self, wish: Wish) -> None:
        """Raises NotOurs when the item is not granted any more, ServerAway without an answer."""
        asks: dict[str, Any] = dict(self.asks)
        if wish.digest:
            folder = keys.masks_prefix(self._user_id)
            photo = {"idx": wish.idx, "sha256": wish.digest}
            if wish.stem:
                photo["masks_in"] = wish.stem.removeprefix(folder)
            asks |= {"masks": list(wish.names), "photos": [photo]}
        try:
            # Masks are not worth to wait for.
            claim = self._claim(wish.idx, patient=not wish.digest, asks=asks)
        except DeliveryFailed as error:
            raise ServerAway(str(error)) from error
        if wish.idx not in claim.granted:
            raise NotOurs(f"#{wish.idx} is not ours any more ({claim.job_status})")
        self.note(claim)

    def _claim(self, idx: int, *, patient: bool, asks: Mapping[str, Any]) -> Claim:
        return self._reporter.claim(self._message, [idx], patient=patient, asks=asks)

    def _keep(self, method: str, key: str, url: object, until: float) -> None:
        if url is None:
            return
        if not isinstance(url, str) or not url.startswith(f"{self._base}{quote(key, safe='/~')}?"):
            # Without the URL itself: it may be a right to something.
            logger.error(
                "%s: the server's URL for %s leads elsewhere than to %s (STORAGE_S3_ENDPOINT and "
                "STORAGE_BUCKET of this worker, STORAGE_WORKER_ENDPOINT of web); not used",
                *(self._message.job_id, key, self._base),
            )
            return
        with self._lock:
            self._leaves[method, key] = _Leave(url, until)

    # --- Objects -----------------------------------------------------------------------------

    def read(self, key: str) -> bytes | None:
        with self._send("GET", key) as response:
            if response.status_code == 404:
                return None
            if int(response.headers.get("Content-Length", 0)) > MAX_PHOTO_BYTES:
                raise TooLarge
            if response.headers.get(f"x-amz-meta-{TOO_LARGE_MARK[0]}") == TOO_LARGE_MARK[1]:
                raise TooLarge
            data = bytearray()
            try:
                for piece in response.iter_content(PIECE):
                    data += piece
                    if len(data) > MAX_PHOTO_BYTES:
                        raise TooLarge
            except (requests.RequestException, OSError) as error:
                raise BrokenOff(type(error).__name__) from error
        return bytes(data)

    def read_into(self, key: str, target: BinaryIO) -> bool:
        with self._send("GET", key) as response:
            if response.status_code == 404:
                return False
            try:
                for piece in response.iter_content(PIECE):
                    target.write(piece)
            except (requests.RequestException, OSError) as error:
                raise BrokenOff(type(error).__name__) from error
        return True

    def write(self, key: str, data: bytes | BinaryIO, content_type: str) -> None:
        response = self._send("PUT", key, data=data, headers={"Content-Type": content_type})
        response.close()
        if response.status_code == 404:
            raise TransferFailed("status 404")

    def _send(self, method: str, key: str, **options: Any) -> requests.Response:
        """An answer of 2xx or 404, whose body is not read yet. Raises TransferFailed."""
        problem, renewed = "", False
        waits = [*BACKOFF, None]
        while waits:
            url = self._url(method, key)
            if hasattr(options.get("data"), "seek"):
                options["data"].seek(0)
            try:
                response = self._session().request(
                    method, url, timeout=TIMEOUT, allow_redirects=False, stream=True, **options
                )
            except requests.RequestException as error:
                problem = type(error).__name__
            else:
                if (response.ok and response.status_code < 300) or response.status_code == 404:
                    return response
                response.close()
                problem = f"status {response.status_code}"
                if response.status_code == 403 and not renewed:
                    # It ended sooner than its time said, by the storage's clock.
                    renewed = True
                    self._forget(method, key)
                    continue
                if response.status_code not in PASSING:
                    break
            wait = waits.pop(0)
            if wait is not None:
                logger.warning("%s %s: %s, trying again", method, key, problem)
                time.sleep(wait * random.random())
        raise TransferFailed(problem)

    def _session(self) -> requests.Session:
        """This thread's connections: requests does not promise that a session may be shared."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.headers["Accept-Encoding"] = "identity"
            # To the storage and nowhere else: no proxy, no .netrc.
            session.trust_env = False
            self._local.session = session
            self._sessions.append(session)
        return session


def _uuid(prefix: str, public_id: str) -> UUID:
    key = ids.parse_public_id(prefix, public_id)
    assert key is not None, "checked where the message is read"
    return key
