"""The queue message: all that a worker is told about a chunk of a job.

Both sides use this module, the web side to build a message and the worker to read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from jobs.gpu.engine.errors import MessageError
from jobs.presets import ACTIONS

# Every paint of a thing instead of the one that covers most.
ALL_PAINTS: Final = "all"
PAINTS: Final = ("", ALL_PAINTS)


@dataclass(frozen=True, slots=True)
class Edit:
    """What to do with one concept. An empty value asks for the default of the action.

    instances: the numbers of those that are meant, in reading order (`selection.py`); None for all.
    paint: which of a thing's paints is meant: "" for the one that covers most, "all" for all.
    """

    action: str
    value: str = ""
    instances: tuple[int, ...] | None = None
    paint: str = ""

    def to_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {"action": self.action, "value": self.value}
        if self.instances is not None:
            body["instances"] = list(self.instances)
        if self.paint:
            body["paint"] = self.paint
        return body


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One photo: its position in the set and where its bytes are and go."""

    idx: int
    input_key: str
    output_key: str
    preview_key: str


@dataclass(frozen=True, slots=True)
class WorkMessage:
    """A chunk of a job. `protect_defaulted`: the client named no protection, the preset did.
    `token` opens the claim and the callback of these items.
    """

    job_id: str
    user_id: str
    preset: str
    concepts: Mapping[str, Edit]
    protect: tuple[str, ...]
    items: tuple[WorkItem, ...]
    callback_url: str
    idempotency_prefix: str
    batch_concurrency: int = 4
    attempt: int = 1
    token: str = ""
    protect_defaulted: bool = False

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> WorkMessage:
        """Read a decoded JSON object; unknown keys are ignored. Raises MessageError."""
        if not isinstance(body, Mapping):
            raise MessageError("message must be an object")
        return cls(
            job_id=_text(body, "job_id"),
            user_id=_text(body, "user_id"),
            preset=_text(body, "preset"),
            concepts=_concepts(body),
            protect=_protect(body),
            items=_items(body),
            callback_url=_text(body, "callback_url"),
            idempotency_prefix=_text(body, "idempotency_prefix"),
            batch_concurrency=_number(body, "batch_concurrency", at_least=1, default=4),
            attempt=_number(body, "attempt", at_least=1, default=1),
            protect_defaulted=_flag(body, "protect_defaulted"),
            token=_optional_text(body, "token"),
        )

    def to_json(self) -> dict[str, Any]:
        """The message as plain objects for a JSON encoder; `parse` reads it back unchanged."""
        return {
            "job_id": self.job_id,
            "user_id": self.user_id,
            "preset": self.preset,
            "concepts": {name: edit.to_json() for name, edit in self.concepts.items()},
            "protect": list(self.protect),
            "items": [
                {
                    "idx": item.idx,
                    "input_key": item.input_key,
                    "output_key": item.output_key,
                    "preview_key": item.preview_key,
                }
                for item in self.items
            ],
            "callback_url": self.callback_url,
            "idempotency_prefix": self.idempotency_prefix,
            "batch_concurrency": self.batch_concurrency,
            "attempt": self.attempt,
            "protect_defaulted": self.protect_defaulted,
            "token": self.token,
        }


def _text(body: Mapping[str, Any], field: str) -> str:
    value = body.get(field)
    if not isinstance(value, str) or not value:
        raise MessageError(f"{field} must be a non-empty string")
    return value


def _optional_text(body: Mapping[str, Any], field: str) -> str:
    value = body.get(field, "")
    if not isinstance(value, str):
        raise MessageError(f"{field} must be a string")
    return value


def _number(
    body: Mapping[str, Any], field: str, *, at_least: int, default: int | None = None
) -> int:
    value = body.get(field, default)
    # bool is a subclass of int, and true is not a number here.
    if not isinstance(value, int) or isinstance(value, bool) or value < at_least:
        raise MessageError(f"{field} must be an integer of at least {at_least}")
    return value


def _flag(body: Mapping[str, Any], field: str) -> bool:
    value = body.get(field, False)
    if not isinstance(value, bool):
        raise MessageError(f"{field} must be true or false")
    return value


def _concepts(body: Mapping[str, Any]) -> Mapping[str, Edit]:
    value = body.get("concepts")
    if not isinstance(value, Mapping):
        raise MessageError("concepts must be an object")
    return MappingProxyType({_concept_name(name): _edit(name, raw) for name, raw in value.items()})


def _concept_name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise MessageError("a concept name must be a non-empty string")
    return name


def _edit(name: str, raw: object) -> Edit:
    if not isinstance(raw, Mapping):
        raise MessageError(f"concepts.{name} must be an object")
    action, value = raw.get("action"), raw.get("value")
    if not isinstance(action, str) or action not in ACTIONS:
        raise MessageError(f"concepts.{name}.action must be one of {', '.join(ACTIONS)}")
    if value is not None and not isinstance(value, str):
        raise MessageError(f"concepts.{name}.value must be a string or null")
    paint = raw.get("paint") or ""
    if paint not in PAINTS:
        raise MessageError(f"concepts.{name}.paint must be one of {', '.join(map(repr, PAINTS))}")
    return Edit(action, value or "", _instances(name, raw), paint)


def _instances(name: str, raw: Mapping[str, Any]) -> tuple[int, ...] | None:
    value = raw.get("instances")
    if value is None:
        return None
    numbers = isinstance(value, list | tuple) and all(
        isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in value
    )
    if not numbers:
        raise MessageError(f"concepts.{name}.instances must be an array of numbers from 0 on")
    return tuple(value)


def _protect(body: Mapping[str, Any]) -> tuple[str, ...]:
    value = body.get("protect", [])
    if not isinstance(value, list | tuple):
        raise MessageError("protect must be an array")
    return tuple(_concept_name(name) for name in value)


def _items(body: Mapping[str, Any]) -> tuple[WorkItem, ...]:
    value = body.get("items")
    if not isinstance(value, list | tuple) or not value:
        raise MessageError("items must be a non-empty array")
    items = tuple(_item(raw) for raw in value)
    if len({item.idx for item in items}) != len(items):
        raise MessageError("items must not repeat an idx")
    return items


def _item(raw: object) -> WorkItem:
    if not isinstance(raw, Mapping):
        raise MessageError("each of items must be an object")
    return WorkItem(
        idx=_number(raw, "idx", at_least=0),
        input_key=_text(raw, "input_key"),
        output_key=_text(raw, "output_key"),
        preview_key=_text(raw, "preview_key"),
    )
