# Generated from _async: `make client`.
"""Requests as they go over the network: signed in, paced, repeated where that is safe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

import httpx
from tenacity import RetryCallState, retry_if_exception

from s3sets._calls import Answer, Call, Tries, given, read_answer, to_json
from s3sets._contact import STILL, Contact, Patience
from s3sets._photos import Photo, file_name, settle
from s3sets._retry import Allowance, Retries, is_passing, is_worth_repeating
from s3sets._session import Session
from s3sets._sync.io import (
    Crew,
    Http,
    HttpTransport,
    Lock,
    Retrying,
    in_thread,
    sleep,
)
from s3sets._version import __version__
from s3sets.errors import (
    NotFound,
    NotSignedIn,
    NotTheApi,
    TransferFailed,
    Unavailable,
    Unreachable,
)

CHUNK = 256 * 1024
# A stream of events says something every 15 seconds, or it is broken.
SILENCE = 45.0
# Nothing has arrived where no connection was had.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
SIGN_UP = "/auth/anon"
REFRESH = "/auth/refresh"

# Said by a server that is not there for anybody, or by a proxy before it.
AWAY = frozenset({502, 503, 504})

OnBytes = Callable[[int, int], None]  # so many, of so many (0: not known)


class Transport:
    """One server and one user. May be used by several at once."""

    def __init__(
        self,
        base_url: str,
        session: Session,
        *,
        retries: Retries,
        timeout: float,
        trust_env: bool,
        transport: HttpTransport | None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.session = session
        self.retries = retries
        self._allowance = Allowance()
        self._contact = Contact(self.base_url, retries.on_away, retries.on_back)
        self._signing_in = Lock()
        self._http = Http(
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
            limits=httpx.Limits(max_connections=64, keepalive_expiry=30.0),
            headers={"User-Agent": f"s3sets/{__version__}"},
            trust_env=trust_env,
            transport=transport,
        )

    def close(self) -> None:
        self._http.close()

    def call(self, call: Call) -> Answer:
        """Raises ApiError, Unreachable, NotTheApi."""
        worth = retry_if_exception(partial(is_worth_repeating, call))
        known = Tries()
        for attempt in self._tries(worth):
            with attempt:
                try:
                    return self._signed_in(call, known)
                except (NotFound, NotSignedIn) as error:
                    if not known.have_done(call, error, was_let_in=self.session.was_let_in):
                        raise
                    return Answer(200, call.if_gone)
        raise AssertionError("tenacity raises when it gives up")

    def _signed_in(self, call: Call, known: Tries) -> Answer:
        token = self._token() if call.signed_in else None
        try:
            return self._send(call, token, known)
        except NotSignedIn as error:
            if not call.signed_in or not self.session.can_renew:
                raise
            if known.have_done(call, error, was_let_in=self.session.was_let_in):
                raise
            # Refused, so nothing was done.
            self._renew(stale=token)
            return self._send(call, self.session.bearer, known)

    def _token(self) -> str | None:
        if self.session.bearer is None and self.session.device:
            self._renew(stale=None)
        return self.session.bearer

    def _renew(self, stale: str | None) -> None:
        """A new token, unless another thread or task has just got one."""
        with self._signing_in:
            session = self.session
            if session.token != stale:
                return
            if session.device:
                body = given(device_hash=session.device)
                call = Call("POST", SIGN_UP, to_json(body), signed_in=False, harmless=True)
            else:
                body = given(refresh=session.refresh)
                # A refresh token is spent by its first use.
                call = Call("POST", REFRESH, to_json(body), signed_in=False)
            answer = self.call(call)
            session.token, session.refresh = answer.data["token"], answer.data["refresh"]
            session.was_let_in = True

    def _send(self, call: Call, token: str | None, known: Tries) -> Answer:
        pause = self._allowance.pause(call)
        if pause:
            sleep(min(pause, self.retries.patience))
        try:
            with self._contact.waiting():
                response = self._http.request(
                    call.method,
                    self.base_url + call.path,
                    content=call.body,
                    params=call.query or None,
                    headers=call.headers(token),
                )
        except httpx.TransportError as error:
            silence = self._unreachable(error, call)
            known.maybe_done = known.maybe_done or silence.maybe_done
            raise silence from error
        self._allowance.note(call, response.headers)
        try:
            answer = read_answer(response.status_code, response.headers, response.content)
        except Unavailable:
            known.maybe_done = True
            raise
        finally:
            self._hear(response.status_code)
        self.session.was_let_in = self.session.was_let_in or token is not None
        return answer

    def _unreachable(self, error: httpx.TransportError, call: Call) -> Unreachable:
        arrived = not isinstance(error, NOT_SENT)
        said = f"{self.base_url} does not answer: {str(error) or type(error).__name__}"
        if arrived and not call.is_repeatable:
            said += ". It may have done what it was asked for: look before you ask again"
        return Unreachable(said, maybe_done=arrived)

    @contextmanager
    def lines(self, call: Call, last_id: str | None) -> Iterator[Iterator[str] | None]:
        """The lines of a stream of events, as they come; None where the server says that there are
        no more (204). Raises ApiError, Unreachable, NotTheApi, also from within.
        """
        token = self._token()
        headers = {
            **call.headers(token),
            "Accept": "text/event-stream",
            "Cache-Control": "no-store",
        }
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        timeout = httpx.Timeout(30.0, connect=10.0, read=SILENCE)
        try:
            with self._contact.waiting() as patience:
                address = self.base_url + call.path
                with self._http.stream(
                    "GET", address, headers=headers, timeout=timeout
                ) as response:
                    self._hear(response.status_code)
                    patience.seconds = STILL
                    kind = response.headers.get("content-type", "")
                    if response.status_code == 204:
                        yield None
                    elif response.status_code == 200 and kind.startswith("text/event-stream"):
                        yield self._heard(response.iter_lines(), patience)
                    else:
                        content = response.read()
                        read_answer(response.status_code, response.headers, content)
                        raise NotTheApi("The answer is no stream of events.")
        except NotSignedIn:
            if self.session.can_renew:
                self._renew(stale=token)
            raise
        except Unavailable as error:
            self._contact.lost(error)
            raise
        except NOT_SENT as error:
            silence = self._unreachable(error, call)
            self._contact.lost(silence)
            raise silence from error
        except httpx.TransportError as error:
            # Streams break now and then. Whether the server is away shows when it is asked again.
            raise self._unreachable(error, call) from error

    def _heard(self, lines: Iterator[str], patience: Patience) -> Iterator[str]:
        for line in lines:
            patience.renew()
            self._contact.heard()
            yield line

    def _hear(self, status: int) -> None:
        if status not in AWAY:
            self._contact.heard()

    def put_photo(self, url: str, photo: Photo, on_sent: OnBytes, crew: Crew) -> None:
        """PUT of the file, straight to the storage and piece by piece; no token goes along. Raises
        TransferFailed, PhotoUnusable.
        """
        for attempt in self._tries(retry_if_exception(is_passing)):
            with attempt:
                in_thread(photo.check)
                self._put_once(url, photo, on_sent, crew)

    def _put_once(self, url: str, photo: Photo, on_sent: OnBytes, crew: Crew) -> None:
        headers = {
            "Content-Length": str(photo.size),
            "Content-Type": "application/octet-stream",
        }
        file = in_thread(photo.open)
        try:
            response = self._http.put(
                url, content=_pieces(file, photo.size, on_sent, crew), headers=headers
            )
        except httpx.HTTPError as error:
            raise TransferFailed(f"{photo.path.name} was not taken: {error!r}") from error
        finally:
            in_thread(file.close)
        if not response.is_success:
            raise TransferFailed(
                f"The storage refused {photo.path.name} ({response.status_code}).",
                status=response.status_code,
            )

    def get_file(
        self, url: str, folder: Path, otherwise: str, on_received: OnBytes, crew: Crew
    ) -> Path:
        """GET of a result into the folder, under the name that the storage says, `otherwise` where
        it says none. The file is there under its name once it is complete. Raises TransferFailed.
        """
        for attempt in self._tries(retry_if_exception(is_passing)):
            with attempt:
                return self._get_once(url, folder, otherwise, on_received, crew)
        raise AssertionError("tenacity raises when it gives up")

    def _get_once(
        self, url: str, folder: Path, otherwise: str, on_received: OnBytes, crew: Crew
    ) -> Path:
        part = folder / f".{otherwise}.part"
        try:
            with self._http.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
                if response.status_code != 200:
                    raise TransferFailed(
                        f"The storage does not give {otherwise} ({response.status_code}).",
                        status=response.status_code,
                    )
                size = int(response.headers.get("content-length", 0))
                received = 0
                with part.open("wb") as file:
                    for piece in response.iter_raw(CHUNK):
                        crew.check()
                        in_thread(file.write, piece)
                        received += len(piece)
                        on_received(received, size)
                if size and received != size:
                    raise TransferFailed(f"{otherwise}: {received} of {size} bytes came.")
                name = file_name(response.headers, otherwise)
        except httpx.HTTPError as error:
            raise TransferFailed(f"{otherwise} did not come: {error!r}") from error
        else:
            return in_thread(settle, part, folder / name)
        finally:
            part.unlink(missing_ok=True)

    def _tries(self, worth: retry_if_exception) -> Retrying:
        return Retrying(
            retry=worth,
            wait=self.retries.pause,
            stop=self.retries.stop(),
            before_sleep=self._before_sleep,
            reraise=True,
        )

    def _before_sleep(self, state: RetryCallState) -> None:
        self.retries.before_sleep(state)
        self._contact.lost(None if state.outcome is None else state.outcome.exception())


def _pieces(file: BinaryIO, size: int, on_sent: OnBytes, crew: Crew) -> Iterator[bytes]:
    """As many bytes as were announced, and no more than a piece of them in memory."""
    sent = 0
    while piece := in_thread(file.read, min(CHUNK, size - sent)):
        crew.check()
        yield piece
        sent += len(piece)
        on_sent(sent, size)
