# Generated from _async: `make client`.
"""The client: the whole way of a set in one call, and every endpoint as a method."""

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from s3sets._calls import given, to_json
from s3sets._orders import order_body
from s3sets._photos import Photo, look_at_all
from s3sets._retry import Retries
from s3sets._session import Session
from s3sets._state import SetState, StateFile, described
from s3sets._sync.account import Account
from s3sets._sync.io import HttpTransport, in_thread
from s3sets._sync.jobs import Jobs
from s3sets._sync.rules import Rules
from s3sets._sync.run import Run
from s3sets._sync.set import Set
from s3sets._sync.transport import Transport
from s3sets._sync.watch import PACKAGE_SECONDS
from s3sets._sync.webhooks import Webhooks
from s3sets.errors import StateUnusable
from s3sets.progress import OnProgress
from s3sets.shapes import Edit


class S3Client(Account, Jobs, Rules, Webhooks):
    """One server and one user. A context; may be used by several at once.

    `api_key` (`s3k_…`) is for servers. `device` is a secret of at least 32 random characters that
    is a user by itself: the first use makes the user, each further one finds it again. With
    neither, call `sign_up_anonymously`; presets and vocabulary need nobody.

    `timeout` is in seconds, for each single wait of a request. `trust_env`: whether HTTPS_PROXY
    and the like count.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        device: str | None = None,
        retries: Retries | None = None,
        timeout: float = 30.0,
        trust_env: bool = True,
        transport: HttpTransport | None = None,
    ) -> None:
        super().__init__(
            Transport(
                base_url,
                Session(api_key=api_key, device=device),
                retries=retries or Retries(),
                timeout=timeout,
                trust_env=trust_env,
                transport=transport,
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    def edit(
        self,
        photos: Iterable[str | PathLike[str]],
        preset: str,
        concepts: Mapping[str, Edit | str] | None = None,
        *,
        protect: Iterable[str] | None = None,
        template: str | None = None,
        rule_id: str | None = None,
        strict: bool = False,
        metadata: Mapping[str, str] | None = None,
        on_progress: OnProgress | None = None,
        state: str | PathLike[str] | None = None,
        wait: bool = True,
        concurrent_uploads: int = 4,
        poll_seconds: float = 3.0,
        package_seconds: float | None = PACKAGE_SECONDS,
    ) -> Set:
        """Edits a set of photos, from the files to the results: one credit a photo, and those of
        photos that fail come back.

        `concepts` says per concept what to do: `{"Wall": "recolor:sage", "Floor": "texture:oak"}`,
        or `rule_id` names a saved rule. `protect` are concepts whose pixels stay as they are; None
        is the preset's own list, `[]` nothing. `template` asks for a package. With `strict` a
        misspelling is refused. `on_progress` is called as each photo goes on.

        `state` is a file that stands for this set: called again with it, after a crash too, the
        same set goes on where it was, or is returned if it is done; nothing is charged twice.
        Remove it (`forget`) for a new one. It needs an API key or a device. Without `wait` the set
        is returned as soon as it is queued.

        An order that is refused cancels its job. Raises PhotoUnusable, StateUnusable,
        ValidationFailed, CreditsExhausted, LimitReached, ConcurrencyLimit, TransferFailed,
        Unreachable, and PackageLate when the package is not there `package_seconds` after the
        photos (None waits for ever). A set of which no photo could be done is returned as one that
        is `failed`.
        """
        found = in_thread(look_at_all, photos)
        items = [{"name": photo.name, "bytes": photo.size} for photo in found]
        wanted = self._wanted(
            given(preset=preset, metadata=metadata, items=items),
            order_body(concepts, protect, rule_id, template, strict=strict),
            found,
        )
        file = self._file(state)
        with file:
            going_on = self._going_on(file, wanted)
            run = Run(self._transport, file, going_on, on_progress, concurrent_uploads)
            job = run.take(wait=wait, poll_seconds=poll_seconds, package_seconds=package_seconds)
        return Set(self, self._transport, job, file)

    def resume(
        self,
        state: str | PathLike[str],
        *,
        on_progress: OnProgress | None = None,
        concurrent_uploads: int = 4,
        poll_seconds: float = 3.0,
        package_seconds: float | None = PACKAGE_SECONDS,
    ) -> Set:
        """Goes on with the set of a state file, with nothing else known of it. Raises
        StateUnusable where there is none, or it is somebody else's, and what `edit` raises.
        """
        file = StateFile(Path(state))
        with file:
            going_on = file.state
            if going_on is None:
                raise StateUnusable(f"{file.path} is not there.")
            session, server = self._transport.session, self._transport.base_url
            if (going_on.user, going_on.server) != (session.mark, server):
                raise StateUnusable(f"{file.path} is of another user, or another server.")
            run = Run(self._transport, file, going_on, on_progress, concurrent_uploads)
            job = run.take(wait=True, poll_seconds=poll_seconds, package_seconds=package_seconds)
        return Set(self, self._transport, job, file)

    def look(
        self,
        source_job_id: str,
        concepts: Mapping[str, Edit | str] | None = None,
        *,
        only_failed: bool = False,
        items: Sequence[int] | None = None,
        protect: Iterable[str] | None = None,
        template: str | None = None,
        rule_id: str | None = None,
        strict: bool = False,
        metadata: Mapping[str, str] | None = None,
        on_progress: OnProgress | None = None,
        state: str | PathLike[str] | None = None,
        wait: bool = True,
        poll_seconds: float = 3.0,
        package_seconds: float | None = PACKAGE_SECONDS,
    ) -> Set:
        """Another look at the photos of a job, all of them or some: nothing is uploaded again.

        Without `concepts` and `rule_id` the order is that of the source. It is a new job and costs
        a credit a photo. Raises SourceGone, and what `edit` raises.
        """
        if concepts is None and rule_id is None:
            source = self.get_job(source_job_id)
            concepts = source["concepts"]
            protect = source["protect"] if protect is None else protect
            template = source["output_template"] if template is None else template
        only = "failed" if only_failed else None
        wanted = self._wanted(
            given(source_job_id=source_job_id, only=only, items=items, metadata=metadata),
            order_body(concepts, protect, rule_id, template, strict=strict),
            [],
        )
        file = self._file(state)
        with file:
            going_on = self._going_on(file, wanted)
            run = Run(self._transport, file, going_on, on_progress, 1)
            job = run.take(wait=wait, poll_seconds=poll_seconds, package_seconds=package_seconds)
        return Set(self, self._transport, job, file)

    def get_set(self, job_id: str) -> Set:
        """A job as a set: to wait for it, download it, look again. Raises NotFound."""
        return Set(self, self._transport, self.get_job(job_id))

    def _wanted(
        self, job: Mapping[str, Any], order: Mapping[str, Any], photos: list[Photo]
    ) -> SetState:
        return SetState(
            server=self._transport.base_url,
            user=self._transport.session.mark or "",
            create=to_json(job).decode(),
            order=to_json(order).decode(),
            photos=described(photos),
        )

    def _file(self, state: str | PathLike[str] | None) -> StateFile:
        if state is not None and self._transport.session.mark is None:
            raise StateUnusable(
                "To go on later takes a user to go on with: an API key, or a device."
            )
        return StateFile(None if state is None else Path(state))

    def _going_on(self, file: StateFile, wanted: SetState) -> SetState:
        """What the file says, if it is the same set and not over."""
        if file.state is not None:
            if not file.state.is_of(wanted):
                raise StateUnusable(f"{file.path} is the state of another set.")
            if file.state.job_id is None:
                return file.state
            if (self.get_job(file.state.job_id))["status"] != "canceled":
                return file.state
        file.state = wanted
        return wanted
