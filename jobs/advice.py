"""What of an order will not happen as it is written, said before it costs anything (contract §3.3).

Plain Python over the words: nothing is asked of a database or a photo. What only a photo shows (a
concept that is not in it) is said by the worker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from jobs.backends import Backend
from jobs.presets import LABELS, PRESETS, Preset, Protection, canonical
from jobs.spellings import covered_spellings, is_cut_out
from jobs.vocabulary import MATERIALS, TEXTURES, TONES, normalised, understands
from s3project.slips import slips_of
from s3project.wording import hint, listed, nearest, quoted

HEX = re.compile(r"(?:#|0x)?([0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})", re.IGNORECASE)
RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})\s*(?:[,/][^)]*)?\)")

WHERE_VALUES_ARE = {
    "recolor": " Write #RRGGBB, or a name that GET /vocabulary lists.",
    "texture": " GET /vocabulary lists the textures.",
    "tone": " GET /vocabulary lists the tones.",
}
# `warm 0.5`, `warm=0,5` and `warm:50%` beside our `warm:0.5`.
STRENGTH = re.compile(r"([^\W\d]+)[\s:=(]+([-+]?[\d.,]+)\s*(%?)\)?")


class Problem(StrEnum):
    UNKNOWN_VALUE = "unknown_value"
    UNKNOWN_CONCEPT = "unknown_concept"
    UNSUPPORTED = "unsupported"
    PROTECTED = "protected"
    UNKNOWN_KEY = "unknown_key"
    UNKNOWN_TEMPLATE = "unknown_template"
    REPEATED = "repeated"


@dataclass(frozen=True)
class Advice:
    """One thing that will not happen as written; `suggestion` is what may have been meant."""

    problem: Problem
    message: str
    concept: str | None = None
    value: str | None = None
    suggestion: str | None = None

    @property
    def field(self) -> str:
        """Where in the request it stands, as in an error's details."""
        match self.problem:
            case Problem.UNKNOWN_TEMPLATE:
                return "output_template"
            case Problem.UNKNOWN_KEY:
                return self.value or "body"
            case Problem.UNKNOWN_VALUE:
                return f"concepts.{self.concept}.value"
        return f"concepts.{self.concept}"


def advise(
    preset: Preset,
    concepts: Mapping[str, Mapping[str, Any]],
    protection: Protection,
    output_template: str | None,
    backend: Backend,
) -> list[Advice]:
    """All advice on an order, concepts by name first."""
    kept = {canonical(name) for name in protection.names}
    return [
        *_on_edits(preset, concepts, kept, backend),
        *([] if protection.defaulted else _on_protection(preset, protection.names, backend)),
        *_on_template(preset, output_template),
    ]


def advise_on_keys(given: Iterable[str], known: Iterable[str], within: str = "") -> list[Advice]:
    """On keys that are ignored although they look like one of ours."""
    return [
        Advice(
            Problem.UNKNOWN_KEY, slip["message"], value=slip["key"], suggestion=slip["suggestion"]
        )
        for slip in slips_of(given, known, within)
    ]


def suggested_value(action: str, value: str) -> str | None:
    """The value that may have been meant; None when there is no telling."""
    match action:
        case "recolor":
            return _suggested_colour(value.strip()) or nearest(normalised(value), MATERIALS)
        case "texture":
            return nearest(normalised(value), TEXTURES)
        case "tone":
            return _suggested_tone(value)
    return None


def _on_edits(
    preset: Preset,
    concepts: Mapping[str, Mapping[str, Any]],
    kept: set[str],
    backend: Backend,
) -> Iterator[Advice]:
    covered = _covered(concepts, kept, backend)
    for name in sorted(concepts):
        action, value = concepts[name]["action"], concepts[name].get("value") or ""
        unknown = _on_concept(preset, name, backend, "is left unchanged")
        if unknown is not None:
            yield unknown
        elif canonical(name) in kept:
            message = f"{name} is to be edited and protected: it is protected, and left unchanged."
            yield Advice(Problem.PROTECTED, message, concept=name)
        elif name in covered:
            message = f"{name} and {covered[name]} are one concept: {name} is left unchanged."
            yield Advice(Problem.REPEATED, message, concept=name)
        if not understands(action, value):
            near = suggested_value(action, value)
            yield Advice(
                Problem.UNKNOWN_VALUE,
                f"{action} does not know {quoted(value)}: {name} is left unchanged."
                f"{hint(near) or WHERE_VALUES_ARE[action]}",
                concept=name,
                value=value,
                suggestion=near,
            )


def _covered(
    concepts: Mapping[str, Mapping[str, Any]], kept: set[str], backend: Backend
) -> dict[str, str]:
    """Names → another spelling of them, whose edit will be made and take the whole of it."""
    return covered_spellings(
        (name, edit["action"])
        for name, edit in concepts.items()
        if canonical(name) not in kept
        and backend.supports(name)
        and (not edit.get("instances") or is_cut_out(name, edit["action"]))
        and understands(edit["action"], edit.get("value") or "")
    )


def _on_protection(preset: Preset, names: Iterable[str], backend: Backend) -> Iterator[Advice]:
    for name in sorted(set(names)):
        advice = _on_concept(preset, name, backend, "cannot be protected")
        if advice is not None:
            yield advice


def _on_concept(preset: Preset, name: str, backend: Backend, outcome: str) -> Advice | None:
    """A name of no preset may be any thing to a model of open vocabulary: there only a slip is
    worth a word.
    """
    if canonical(name) not in KNOWN_CONCEPTS:
        near = _nearest_concept(name, preset)
        if near is None and backend.concepts is None:
            return None
        if backend.concepts is not None:
            text = f"{name} is not known to the {backend.name} backend and {outcome}."
        else:
            text = f"{name} is looked for under just that name."
        text += hint(near) or f" GET /presets/{preset.id} lists those of the preset."
        return Advice(Problem.UNKNOWN_CONCEPT, text, concept=name, suggestion=near)
    if not backend.supports(name):
        message = f"The {backend.name} backend does not find {name}: it {outcome}."
        return Advice(Problem.UNSUPPORTED, message, concept=name)
    return None


def _on_template(preset: Preset, output_template: str | None) -> Iterator[Advice]:
    if not output_template or preset.template(output_template) is not None:
        return
    near = nearest(
        output_template, [name for one in preset.templates for name in (one.id, one.alias)]
    )
    known = listed([template.alias for template in preset.templates], "and")
    yield Advice(
        Problem.UNKNOWN_TEMPLATE,
        f"{quoted(output_template)} is no template of {preset.id}, and nothing is made of it."
        f"{hint(near) or f' There are {known}.'}",
        value=output_template,
        suggestion=near,
    )


def _nearest_concept(name: str, preset: Preset) -> str | None:
    """By its name, or by what it is called in one of the languages of its labels."""
    by_word = {name: name for name in _names(preset)}
    for concept, label in LABELS.items():
        if concept in by_word:
            by_word |= {word: concept for word in label if word not in by_word}
    near = nearest(name, by_word)
    return None if near is None else by_word[near]


def _names(preset: Preset) -> list[str]:
    """What a client of the preset may have meant: its own concepts before all others."""
    return [concept.name for concept in (*preset.concepts, *preset.worker_concepts)]


KNOWN_CONCEPTS = {canonical(name) for preset in PRESETS.values() for name in _names(preset)}


def _suggested_colour(value: str) -> str | None:
    """#RGB or #RRGGBB of a colour that is written in another of the ways of CSS."""
    if found := RGB.fullmatch(value.casefold()):
        channels = [int(channel) for channel in found.groups()]
        return "#{:02x}{:02x}{:02x}".format(*channels) if max(channels) <= 255 else None
    if found := HEX.fullmatch(value):
        digits = found[1].lower()
        return f"#{digits[: len(digits) // 4 * 3 if len(digits) % 4 == 0 else len(digits)]}"
    return None


def _suggested_tone(value: str) -> str | None:
    found = STRENGTH.fullmatch(value.strip())
    name, colon, _ = value.partition(":")
    near = nearest(normalised(found[1] if found else name), TONES)
    if near is None or not (found or colon):
        return near
    try:
        amount = float(found[2].replace(",", ".")) if found else 1.0
    except ValueError:
        amount = 1.0
    if found and found[3]:
        amount /= 100
    # One that is too strong was meant to be strong; what one below zero meant is not told.
    return near if amount < 0 else f"{near}:{min(amount, 1):g}"
