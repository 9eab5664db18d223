"""The programs of the guide, one in each language, cut into the steps that the guide explains.

A line `#: name` (`//: name`) begins a step. The page shows them with the address of this server; a
test runs them as the page shows them, all steps in one program.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString

from s3project.docs.text import code

FOLDER = Path(__file__).parent / "samples"
# What stands in the files for the address of the server.
ADDRESS = "http://127.0.0.1:8000"
MARK = re.compile(r"^(?:#|//): ([\w-]+)\n", re.MULTILINE)


@dataclass(frozen=True)
class Language:
    id: str
    name: str
    file: str


LANGUAGES = (
    Language("curl", "curl", "guide.sh"),
    Language("python", "Python", "guide.py"),
    Language("javascript", "JavaScript", "guide.mjs"),
)
# From nothing to the results.
WHOLE = ("setup", "sign-up", "create", "upload", "execute", "poll", "download")


@dataclass(frozen=True)
class Sample:
    """A step, or several, in one language."""

    language: Language
    code: SafeString


@cache
def steps_of(language: Language) -> dict[str, str]:
    """Step → its lines, in the order of the program."""
    text = (FOLDER / language.file).read_text(encoding="utf-8")
    _, *parts = MARK.split(text.replace(ADDRESS, settings.PUBLIC_BASE_URL))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def samples(*names: str) -> list[Sample]:
    """These steps in every language. Raises KeyError for a step that is not there."""
    return [Sample(each, code(_joined(each, names), each.id)) for each in LANGUAGES]


def all_samples() -> dict[str, list[Sample]]:
    """Every step by name, `whole` for all from nothing to the results; for the template, which
    cannot say `-`, in names with `_`."""
    single = {name.replace("-", "_"): samples(name) for name in steps_of(LANGUAGES[0])}
    return {**single, "whole": samples(*WHOLE)}


def _joined(language: Language, names: Iterable[str]) -> str:
    return "\n".join(steps_of(language)[name].strip("\n") + "\n" for name in names)
