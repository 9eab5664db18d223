"""A decoder in a process of its own: for one that may bring its process down, or that only says
on its error output what it found.

It has bounded memory and time, knows none of the worker's secrets, and costs about 0.1 s.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from jobs.gpu.engine.errors import DAMAGED, PhotoError

_MOST_SECONDS: Final = 90.0
_MOST_COMPLAINTS: Final = 4096
# What an interpreter may need to start. The worker's secrets are not the child's business.
_PASSED_ON: Final = ("LD_LIBRARY_PATH", "PATH")
# Each thread of NumPy's would take from the bounded memory, on a large host all of it.
_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@contextmanager
def decoded(program: Path, data: bytes, *arguments: str) -> Iterator[tuple[IO[bytes], bytes]]:
    """What a program makes of a file on its standard input, and what it complains of.

    Raises PhotoError when it fails or takes too long.
    """
    # Files and not pipes: nothing is held twice, and neither side waits for the other.
    with (
        tempfile.TemporaryFile() as source,
        tempfile.TemporaryFile() as target,
        tempfile.TemporaryFile() as complaints,
    ):
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        source.write(data)
        source.seek(0)
        try:
            subprocess.run(
                [sys.executable, "-I", program, *arguments],
                stdin=source,
                stdout=target,
                stderr=complaints,
                env=passed_on | _ONE_THREAD,
                timeout=_MOST_SECONDS,
                check=True,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise PhotoError(DAMAGED) from error
        target.seek(0)
        complaints.seek(0)
        yield target, complaints.read(_MOST_COMPLAINTS)
