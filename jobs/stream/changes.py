"""What has changed between two answers of `GET /jobs/{id}`, as events.

Of the answer before, digests are kept instead of the answer: a job of 200 photos is some kilobytes.
URLs are no change: they are signed anew every quarter of an hour.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jobs.api.job_shapes import WatchedFacts, queue_out
from jobs.api.watch_events import ITEM, JOB, PACKAGE, frame
from jobs.lifecycle.line import Place
from s3project.api.envelope import encode

# What is told of piece by piece, or is part of what is.
_PIECES = frozenset({"items", "outputs_ready", "upload", "packages", "progress"})
# What is left out of a piece before it is compared.
_URLS = ("url", "_url")


@dataclass(frozen=True, slots=True)
class Known:
    """An answer, as far as it takes to see what differs in the next one."""

    version: str
    fields: Mapping[str, int]
    items: Sequence[int]
    outputs: frozenset[int]
    uploads: bool
    packages: Mapping[str, int]


def known(facts: WatchedFacts, version: str) -> Known:
    said: Mapping[str, Any] = facts
    return Known(
        version=version,
        fields={name: _digest(value) for name, value in said.items() if name not in _PIECES},
        items=[_digest(item) for item in facts["items"]],
        outputs=frozenset(output["idx"] for output in facts["outputs_ready"]),
        uploads="upload" in facts,
        packages={one["template"]: _digest(_without_urls(one)) for one in _packages(said)},
    )


def changes(before: Known, now: Known, facts: WatchedFacts) -> list[bytes]:
    """The events that lead from one answer to the next, at most one of each kind; `facts` are
    what `now` was made of.

    Only the last one has the new version as its id. A client that was cut off before it says the
    old one when it comes again, and gets a snapshot.
    """
    told = list(_told(before, now, facts))
    last = len(told) - 1
    return [
        frame(event, data, now.version if place == last else before.version)
        for place, (event, data) in enumerate(told)
    ]


def _told(
    before: Known, now: Known, facts: WatchedFacts
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    said: Mapping[str, Any] = facts
    photos = [
        item
        for item, old, new in zip(facts["items"], before.items, now.items, strict=True)
        if old != new
    ]
    fresh = [one for one in facts["outputs_ready"] if one["idx"] not in before.outputs]
    if photos or fresh:
        yield ITEM, {"progress": said["progress"], "items": photos, "outputs_ready": fresh}
    fields = {
        name: said.get(name)
        for name in (*said, *(before.fields.keys() - said.keys()))
        if name not in _PIECES and before.fields.get(name) != now.fields.get(name)
    }
    if before.outputs - now.outputs:
        # A cancel, or the end of what is kept: these are all there are.
        fields["outputs_ready"] = said["outputs_ready"]
    if before.packages.keys() - now.packages.keys():
        # The same end: a package that is gone is named by no event of packages.
        fields["packages"] = [*_packages(said)]
    if before.uploads and not now.uploads:
        fields["upload"] = None
    if fields:
        yield JOB, fields
    packages = [
        one
        for one in _packages(said)
        if before.packages.get(one["template"]) != now.packages[one["template"]]
    ]
    if packages:
        yield PACKAGE, {"packages": packages}


def place_told(before: Known, place: Place) -> tuple[bytes, Known]:
    """The event that a job has moved on in the line, and what is known after it."""
    said = queue_out(place)
    after = replace(before, fields={**before.fields, "queue": _digest(said)})
    return frame(JOB, {"queue": said}, before.version), after


def _packages(said: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return said.get("packages") or ()


def _without_urls(piece: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value is not None if name.endswith(_URLS) else value for name, value in piece.items()
    }


def _digest(value: Any) -> int:
    """64 bits, of this process only."""
    return hash(encode({"": value}))
