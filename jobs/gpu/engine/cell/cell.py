"""One cell, as its owner sees it. Nothing that it says is believed before it was checked."""

from __future__ import annotations

import json
import logging
import math
import os
import resource
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from jobs.gpu.engine.cell import sheet as places
from jobs.gpu.engine.cell.sheet import Sheet, new_sheet
from jobs.gpu.engine.errors import (
    DAMAGED,
    NOT_AN_IMAGE,
    TOO_LONG,
    TOO_MANY_PIXELS,
    TOO_MUCH_MEMORY,
    PhotoError,
)
from jobs.gpu.engine.formats.canvas import Admit
from jobs.gpu.engine.photo import Photo
from jobs.gpu.engine.upright import upright
from jobs.limits import MAX_PHOTO_PIXELS

logger = logging.getLogger(__name__)

# Of the processor, for one photo: five times what the slowest of 50 megapixels took that an
# editor writes (AVIF).
MOST_CPU_SECONDS: Final = 10
# By the clock, beside others that want the processor too.
MOST_SECONDS: Final = 60
_START_SECONDS: Final = 60
_PROGRAM: Final = Path(__file__).with_name("program.py")
_MOST_ANSWER: Final = 8192
# What an interpreter may need to start. The worker's secrets are not the cell's business.
_PASSED_ON: Final = ("LD_LIBRARY_PATH", "PATH")
# Threads of NumPy's, and each thread's share of the allocator's, would take from the bounded
# memory, on a large host all of it.
_SMALL: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
}
_REASONS: Final = frozenset({DAMAGED, NOT_AN_IMAGE, TOO_MANY_PIXELS, TOO_MUCH_MEMORY})
_SEVERAL_FRAMES: Final = "the file holds several frames; only the first was edited"


class CellBroken(Exception):
    """The cell did not start, or met an error that no file should cause. The text is for logs."""


class _Gone(Exception):
    """The cell has ended, or says what makes no sense."""


class Cell:
    """A process that decodes one file at a time. Not to be shared between threads."""

    def __init__(self) -> None:
        """Raises CellBroken when the process does not start."""
        descriptor = new_sheet()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(_PROGRAM), str(descriptor)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(descriptor,),
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ} | _SMALL,
            # What is typed at a terminal, or sent to the worker's group, is for the worker.
            start_new_session=True,
            bufsize=0,
        )
        self._sheet = Sheet(descriptor)
        self.usable = True
        try:
            self.confinement: dict[str, bool] = self._answer(_START_SECONDS)["ready"]
        except (_Gone, KeyError, TimeoutError) as error:
            self.close()
            raise CellBroken("a process to decode in does not start") from error

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        return self.usable and self._process.poll() is None

    def close(self) -> None:
        """End the process, whatever it does."""
        self.usable = False
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def decode(self, data: bytes, admit: Admit) -> Photo:
        """Raises PhotoError for a file that is none, or brings the process down, which is then not
        `usable` any more; and whatever `admit` raises."""
        try:
            return self._decode(data, admit)
        except TimeoutError:
            self.close()
            raise PhotoError(TOO_LONG) from None
        except _Gone as error:
            # On its way out, at most: nobody is waited for who closed the pipe and goes on.
            self.close()
            how = self._process.returncode
            logger.warning("a file ended the process it was decoded in (%d): %s", how, error)
            raise PhotoError(TOO_LONG if how == -signal.SIGXCPU else DAMAGED) from None
        except _Refused as error:
            raise PhotoError(error.reason) from None
        except BaseException:
            # Interrupted within a conversation.
            self.usable = False
            raise

    def _decode(self, data: bytes, admit: Admit) -> Photo:
        self._sheet.put(places.FILE_AT, data)
        self._limit_processor()
        self._tell(bytes=len(data))
        answer = self._answer(MOST_SECONDS)
        admitted = answer.get("admit")
        if admitted is not None:
            admit(_number(admitted, 1, MAX_PHOTO_PIXELS))
            self._tell(go=True)
            answer = self._answer(MOST_SECONDS)
        if "refused" in answer:
            reason = answer["refused"]
            raise _Refused(reason if reason in _REASONS else DAMAGED)
        if "photo" not in answer:
            raise CellBroken(str(answer.get("broken")))
        return self._photo(answer["photo"])

    def _photo(self, said: dict[str, Any]) -> Photo:
        height = _number(said.get("height"), 1, MAX_PHOTO_PIXELS)
        width = _number(said.get("width"), 1, MAX_PHOTO_PIXELS // height)
        orientation = _number(said.get("orientation"), 0, 65_535)
        profile_length = _number(said.get("profile"), 0, places.MOST_PROFILE)
        alpha = None
        if _number(said.get("alpha"), 0, 1):
            alpha = upright(self._sheet.rows(places.ALPHA_AT, height, width), orientation)
        photo = Photo(
            rgb=upright(self._sheet.rows(0, height, width, 3), orientation),
            alpha=alpha,
            icc_profile=self._sheet.get(places.PROFILE_AT, profile_length) or None,
            warnings=(_SEVERAL_FRAMES,) if _number(said.get("frames"), 0, 2**32) > 1 else (),
        )
        self._sheet.give_back(height * width)
        return photo

    def cpu_seconds(self) -> float:
        """What the process has used of the processor so far (Linux: the clock of a process)."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def _limit_processor(self) -> None:
        try:
            soft = math.ceil(self.cpu_seconds()) + MOST_CPU_SECONDS
            hard = resource.prlimit(self.pid, resource.RLIMIT_CPU)[1]
            resource.prlimit(self.pid, resource.RLIMIT_CPU, (soft, hard))
        except OSError as error:
            raise _Gone("it ended while it waited") from error

    def _tell(self, **what: Any) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
        except BrokenPipeError as error:
            raise _Gone("it hears nothing") from error

    def _answer(self, seconds: float) -> dict[str, Any]:
        """Raises TimeoutError, and _Gone for what is no answer."""
        assert self._process.stdout is not None
        descriptor, said = self._process.stdout.fileno(), b""
        deadline = time.monotonic() + seconds
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while not said.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(1000 * left):
                raise TimeoutError
            piece = os.read(descriptor, _MOST_ANSWER)
            said += piece
            if not piece or len(said) > _MOST_ANSWER:
                raise _Gone("it said nothing more" if not piece else "it said too much")
        try:
            answer = json.loads(said)
        except ValueError as error:
            raise _Gone("it said what is no answer") from error
        if not isinstance(answer, dict):
            raise _Gone("it said what is no answer")
        return answer


class _Refused(Exception):
    """The cell said so, and is ready for the next file."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _number(value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise _Gone("it said a number that cannot be")
    return value
