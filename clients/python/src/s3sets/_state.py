"""The state file of a set: what it takes to go on after the process was killed.

It has the text of what is sent and the Idempotency-Keys before anything is sent, so that whoever
goes on sends the same again, and the server answers with what it did the first time.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from s3sets._calls import new_key
from s3sets._photos import Photo
from s3sets.errors import StateUnusable

try:
    import fcntl
except ImportError:  # Windows: two processes with one state file are not noticed there
    fcntl = None  # type: ignore[assignment]  # as said

VERSION = 1


@dataclass(slots=True)
class SetState:
    """One set on its way. `create` and `order` are the bodies of POST /jobs and of execute."""

    server: str
    user: str
    create: str
    order: str
    photos: list[dict[str, Any]]
    create_key: str = field(default_factory=new_key)
    confirm_key: str = field(default_factory=new_key)
    execute_key: str = field(default_factory=new_key)
    job_id: str | None = None
    uploaded: list[int] = field(default_factory=list)
    downloaded: dict[str, str] = field(default_factory=dict)  # idx, or a package → file
    version: int = VERSION

    def is_of(self, other: "SetState") -> bool:
        """Whether it is about the same photos, for the same user, with the same order."""
        return all(
            getattr(self, name) == getattr(other, name)
            for name in ("server", "user", "create", "order", "photos")
        )

    @property
    def files(self) -> list[Photo]:
        return [Photo(Path(p["path"]), p["size"], p["changed_ns"]) for p in self.photos]


def described(photos: list[Photo]) -> list[dict[str, Any]]:
    """Photos as a state has them."""
    return [
        {"path": str(photo.path), "size": photo.size, "changed_ns": photo.changed_ns}
        for photo in photos
    ]


class StateFile:
    """A SetState on disk, or in memory only when there is no path.

    As a context it is this process's alone; a process that was killed holds it no longer. Raises
    StateUnusable where another one has it.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.state: SetState | None = None
        self._lock: int | None = None

    def __enter__(self) -> Self:
        if self.path is None:
            return self
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if fcntl is not None:
            self._lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(self._lock)
                raise StateUnusable(f"Another process is at work on {self.path}.") from None
        self.state = self._read()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._lock is not None:
            # The file stays: who has opened it already would lock one that nobody finds any more.
            os.close(self._lock)
            self._lock = None

    def save(self) -> None:
        """The whole file is there, or the one before it, whenever the power fails."""
        if self.path is None or self.state is None:
            return
        new = self.path.with_suffix(".new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(self.state), file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)

    def downloaded(self, mark: str) -> Path | None:
        """The file that a result was fetched to, if it is still there."""
        name = self.state.downloaded.get(mark) if self.state else None
        return Path(name) if name is not None and Path(name).is_file() else None

    def note_download(self, mark: str, file: Path) -> None:
        if self.state is not None:
            self.state.downloaded[mark] = str(file.absolute())
            self.save()

    def forget(self) -> None:
        """The set has come to its end."""
        self.state = None
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def _read(self) -> SetState | None:
        assert self.path is not None
        try:
            said = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            raise StateUnusable(f"{self.path} is no state of a set.") from None
        return _state_of(said, self.path)


def _state_of(said: Any, path: Path) -> SetState:
    if isinstance(said, Mapping) and said.get("version") == VERSION:
        with suppress(TypeError):
            return SetState(**said)
    raise StateUnusable(f"{path} is no state of a set, or of another version.")
