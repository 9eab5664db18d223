"""What `/studio` is made of, and what it costs to load."""

import gzip
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from jobs.api.vocabulary import VOCABULARY
from jobs.events import EVENTS
from jobs.guide.refusals import REFUSALS
from jobs.presets import ACTIONS, PRESETS
from jobs.states import JobStatus
from jobs.studio.view import STYLES, first_modules
from jobs.vocabulary import FAMILIES
from s3project.testing.api import Api
from users.plans import PLANS

FOLDER = Path(str(finders.find("studio")))
SOURCES = sorted(FOLDER.rglob("*.js"))
LANGUAGES = ("en", "ko")
FIRST_LOAD = 150_000
LINES = 300
# Keys that are put together: `say(`photo.${state}`)`.
SAID = re.compile(r"\b(say|count|word)\(\s*(?:\"([\w.]+)\"|`([\w.]+)\.\$\{)")
CHOSEN = re.compile(r"\bsay\(\s*[\w.!= ()?\"]+ \? \"([\w.]+)\" : \"([\w.]+)\"")


def words(language: str) -> dict[str, str]:
    text = (FOLDER / "words" / f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found


def page() -> str:
    return Api().get("/studio").raw.decode()


def loaded() -> list[str]:
    """What the page asks for at once."""
    return re.findall(r'(?:href|src)="(/static/[^"]+)"', page())


def test_nothing_is_written_into_the_page_and_nothing_comes_from_elsewhere() -> None:
    answer = Api().get("/studio")
    url = urlsplit(settings.STORAGE_PUBLIC_ENDPOINT)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src 'self' blob: {url.scheme}://{url.netloc}; "
        f"connect-src 'self' {url.scheme}://{url.netloc}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    html = answer.raw.decode()
    assert re.findall(r"<style| style=| on\w+=|<script(?! type=\"module\" src=)", html) == []
    assert re.findall(r"(?:href|src)=\"(?!/static/|/docs\")", html) == []


def test_the_page_is_asked_for_anew_and_what_it_names_is_kept_for_ever() -> None:
    assert Api().get("/studio").headers["Cache-Control"] == "no-cache"
    studio = [each for each in loaded() if each.startswith("/static/studio/")]
    assert len({each.split("/")[3] for each in studio}) == 1, "one hash for all of them"
    for file in studio:
        assert re.match(r"/static/studio/[0-9a-f]{12}/", file)
        answer = Api().get(file)
        assert answer.status == 200, file
        assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
        plain = re.sub(r"/[0-9a-f]{12}/", "/", file)
        assert Api().get(plain).headers["Cache-Control"] == "max-age=60, public"


def test_the_page_begins_with_all_modules_but_those_of_other_places() -> None:
    named = {each.removeprefix("studio/") for each in first_modules()}
    there = {
        each.relative_to(FOLDER).as_posix()
        for each in FOLDER.rglob("*")
        if each.suffix in (".js", ".mjs")
    }
    assert there - named == {each for each in there if each.startswith("later/")}
    assert {f"{name}.css" for name in STYLES} == {
        each.name for each in (FOLDER / "style").iterdir()
    }


def test_the_first_load_is_light() -> None:
    """Packed as Caddy packs it at its least; the pictures of the first page are counted."""
    packed = sum(len(gzip.compress(Api().get(each).raw)) for each in dict.fromkeys(loaded()))
    packed += len(gzip.compress(page().encode()))
    packed += max((FOLDER / "words" / f"{each}.json").stat().st_size for each in LANGUAGES) // 2
    packed += sum(each.stat().st_size for each in (FOLDER / "sample").glob("*.webp"))
    assert packed <= FIRST_LOAD


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_a_module_is_short_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("/**")
    assert len(text.splitlines()) <= LINES
    assert re.findall(r"\b(?:eval|innerHTML|outerHTML|document\.write)\b|new Function", text) == []


def test_no_text_is_missing_in_a_language() -> None:
    english, korean = (words(language) for language in LANGUAGES)
    assert list(english) == list(korean)
    for key, text in english.items():
        assert text.strip(), key
        assert korean[key].strip(), key
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", korean[key])), key


def test_every_text_that_is_said_is_there() -> None:
    known = words("en")
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        for function, whole, beginning in SAID.findall(text):
            if function == "count":
                assert {f"{whole}.one", f"{whole}.other"} <= set(known), f"{path.name}: {whole}"
            elif function == "say" and whole:
                assert whole in known, f"{path.name}: {whole}"
            else:
                kind = f"{whole or beginning}."
                assert any(key.startswith(kind) for key in known), f"{path.name}: {kind}"
        for pair in CHOSEN.findall(text):
            assert set(pair) <= set(known), f"{path.name}: {pair}"


def test_whatever_the_api_names_has_a_word_for_people() -> None:
    known = words("ko")
    materials = [f"material.{each['name']}" for each in VOCABULARY["materials"]]
    named = [
        *materials,
        *(f"family.{each}" for each in FAMILIES),
        *(f"texture.{each}" for each in VOCABULARY["textures"]),
        *(f"tone.{each}" for each in VOCABULARY["tones"]),
        *(f"action.{each}" for each in ACTIONS),
        *(f"preset.{each}" for each in PRESETS),
        *(f"status.{each.value}" for each in JobStatus),
        *(f"hook.{each}" for each in EVENTS),
        *(f"account.plan.{each}" for each in PLANS),
        *(
            f"package.{each.alias}"
            for preset in PRESETS.values()
            for each in preset.output_templates
        ),
    ]
    assert [each for each in named if each not in known] == []


# Of requests that the page does not make, or makes so that they are never answered.
UNSAID = {
    "VALIDATION_ERROR",  # its message names the field
    "NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "IDEMPOTENCY_KEY_REUSED",
    "REQUEST_IN_PROGRESS",
}


def test_every_refusal_is_told_in_both_languages() -> None:
    codes = {each.code for each in REFUSALS} - UNSAID
    assert {f"error.{code}" for code in codes} <= set(words("ko"))
