"""How root runs a program that refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from s3project.embedded.errors import StackError


@dataclass(frozen=True)
class Unprivileged:
    """A prefix for command lines, and who must own the files the program writes."""

    prefix: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None

    def give(self, path: Path) -> None:
        """Makes `path` the program's own."""
        if self.owner is not None:
            os.chown(path, *self.owner)


def unprivileged(program: Path, folder: Path) -> Unprivileged:
    """The way to run `program` on files in `folder` without being root.

    An ordinary user needs none. Root takes a user namespace: it becomes user 1000 in there and
    files stay its own. Where namespaces are forbidden, as in most containers, the user `nobody`
    must be able to reach both the program and the folder. Raises StackError if neither works.
    """
    if os.geteuid() != 0:
        return Unprivileged()
    for way in (_user_namespace(), _nobody()):
        if way is not None and _works(way, program, folder):
            return way
    os.chown(folder, os.geteuid(), os.getegid())
    raise StackError(
        "PostgreSQL does not run as root, and here root can neither open a user namespace nor "
        f"let the user nobody reach {folder}: run this as an ordinary user, or set DATABASE_URL."
    )


def _user_namespace() -> Unprivileged | None:
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    return Unprivileged((unshare, "-U", "--map-user=1000", "--map-group=1000"))


def _nobody() -> Unprivileged | None:
    setpriv = shutil.which("setpriv")
    try:
        user = pwd.getpwnam("nobody")
    except KeyError:
        return None
    if setpriv is None:
        return None
    ids = (f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    return Unprivileged((setpriv, *ids, "--"), (user.pw_uid, user.pw_gid))


def _works(way: Unprivileged, program: Path, folder: Path) -> bool:
    way.give(folder)
    if way.owner is not None:
        # Passing through is enough to reach its own; what else lies there is closed by itself.
        folder.parent.chmod(0o711)
    return _succeeds([*way.prefix, str(program), "--version"]) and _succeeds(
        [*way.prefix, "/bin/sh", "-c", 'cd "$0" && test -w .', str(folder)]
    )


def _succeeds(argv: Sequence[str]) -> bool:
    done = subprocess.run(
        argv,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode == 0
