"""The queue message of a package: the photos of a done job, and what is to be made of them.

Both sides use this module. On the wire the photos are one object and the package another, so that
neither task takes the other's message for its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.gpu.engine.errors import MessageError
from jobs.gpu.engine.messages import WorkMessage


@dataclass(frozen=True, slots=True)
class PackageMessage:
    """`work` has the photos that are done, what was ordered, attempt, token and callback.

    template: its alias. edition: how many times it was asked for. options: `language`, and
    `title` and `colors` where they were given. names: by idx, what the client calls a photo.
    """

    work: WorkMessage
    template: str
    edition: int
    options: Mapping[str, Any]
    names: Mapping[int, str]

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> PackageMessage:
        """Read a decoded JSON object; unknown keys are ignored. Raises MessageError."""
        package = body.get("package") if isinstance(body, Mapping) else None
        work = body.get("work") if isinstance(body, Mapping) else None
        if not isinstance(package, Mapping) or not isinstance(work, Mapping):
            raise MessageError("package and work must be objects")
        template, edition = package.get("template"), package.get("edition")
        options, names = package.get("options"), package.get("names")
        if not isinstance(template, str) or not template:
            raise MessageError("package.template must be a non-empty string")
        if not isinstance(edition, int) or isinstance(edition, bool) or edition < 1:
            raise MessageError("package.edition must be an integer of at least 1")
        if not isinstance(options, Mapping) or not isinstance(names, Mapping):
            raise MessageError("package.options and package.names must be objects")
        try:
            by_idx = {int(idx): str(name) for idx, name in names.items()}
        except ValueError:
            raise MessageError("package.names must be by idx") from None
        return cls(WorkMessage.parse(work), template, edition, dict(options), by_idx)

    def to_json(self) -> dict[str, Any]:
        """Plain objects for a JSON encoder; `parse` reads them back unchanged."""
        return {
            "package": {
                "template": self.template,
                "edition": self.edition,
                "options": dict(self.options),
                "names": {str(idx): name for idx, name in self.names.items()},
            },
            "work": self.work.to_json(),
        }
