"""The folder in which the processes of one server write what they count, each a file of its own.

prometheus_client looks for it when it is first imported, by whichever module; without it, counters
are in memory and each process tells its own.
"""

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "s3-metrics"


def share_folder(server_pid: int) -> None:
    """The processes of the server `server_pid` count together; to be called before anything that
    counts is imported. Where the variable is set, that folder is used.

    Raises PermissionError where somebody else has taken its place.
    """
    given = os.environ.get(VARIABLE)
    if given:
        Path(given).mkdir(parents=True, exist_ok=True)
        return
    uid = os.getuid()
    place = Path(tempfile.gettempdir())
    _clear_up(place, uid)
    folder = place / f"{PREFIX}-{uid}-{server_pid}"
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != uid:
        raise PermissionError(f"{folder} is not ours")
    os.environ[VARIABLE] = str(folder)


def _clear_up(place: Path, uid: int) -> None:
    """What servers left that are gone."""
    for folder in place.glob(f"{PREFIX}-{uid}-*"):
        pid = folder.name.rpartition("-")[2]
        if pid.isdecimal() and not _is_alive(int(pid)) and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
