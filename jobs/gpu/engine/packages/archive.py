"""The ZIP of a package, written to a file piece by piece.

Pictures are compressed already: they are stored. The file is seekable, so that each entry's header
says its size: unzippers that read a stream cannot find the end of a stored entry otherwise.
"""

from __future__ import annotations

import shutil
import zipfile
from types import TracebackType
from typing import BinaryIO, Final, Self

BLOCK: Final = 1 << 20
# The same package is the same bytes, whenever it is made.
MADE: Final = (1980, 1, 1, 0, 0, 0)
REGULAR_FILE: Final = 0o100644 << 16


class Archive:
    """A ZIP that is complete once its block is left; memory is one block, whatever goes in.

    Names are UTF-8 and marked so where they are more than ASCII.
    """

    def __init__(self, target: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_STORED)
        self._names: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    @property
    def files(self) -> int:
        return len(self._names)

    def add(self, name: str, content: BinaryIO) -> None:
        """Copies `content`, from where it stands to its end. Raises ValueError for a name that is
        there already, also where case does not count.
        """
        if name.casefold() in self._names:
            raise ValueError(f"{name!r} is in the archive already")
        self._names.add(name.casefold())
        entry = zipfile.ZipInfo(name, MADE)
        entry.create_system = 3  # Unix, whose permissions follow
        entry.external_attr = REGULAR_FILE
        with self._zip.open(entry, "w") as written:
            shutil.copyfileobj(content, written, BLOCK)
