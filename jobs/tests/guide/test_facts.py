"""What the guide says is what the code does."""

from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.template.loader import render_to_string
from pytest_django import Settings

from jobs.api.vocabulary import VOCABULARY
from jobs.guide.refusals import REFUSALS
from jobs.guide.samples import LANGUAGES, steps_of
from jobs.guide.view import guide_context, period
from jobs.tests.guide.page import words
from s3project.docs.schema import schema_document
from s3project.errors import MethodNotAllowed
from s3project.testing.api import Api


def page() -> str:
    return Api().get("/docs").raw.decode()


def test_every_error_that_a_customer_may_get_is_explained_and_no_other() -> None:
    document = schema_document()
    documented = {(405, MethodNotAllowed.code)}
    for path in document["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    name = answer["$ref"].split("/")[-1]
                    content = document["components"]["responses"][name]["content"]
                    for example in content["application/json"]["examples"].values():
                        documented.add((int(status), example["value"]["error"]["code"]))
    assert {(each.status, each.code) for each in REFUSALS} == documented
    assert len(REFUSALS) == len(documented)


def test_every_material_is_shown_in_its_colour() -> None:
    html = page()
    for material in VOCABULARY["materials"]:
        assert f'fill="{material["hex"]}"/></svg><code>{material["name"]}</code>' in html
    for name in (*VOCABULARY["textures"], *VOCABULARY["tones"]):
        assert f"<code>{name}</code>" in html


def test_the_concepts_that_this_server_finds_are_marked(settings: Settings) -> None:
    settings.ENGINE_SEGMENTER = "cpu"
    interior, _ = guide_context()["presets"]
    found = [each.name for each in interior.concepts if each.is_found]
    assert found == ["Wall", "Floor", "Ceiling", "Window", "Grout", "Cabinet"]
    assert guide_context()["any_concept"] is False
    settings.ENGINE_SEGMENTER = "sam3"
    interior, _ = guide_context()["presets"]
    assert all(each.is_found for each in interior.concepts)
    assert guide_context()["any_concept"] is True


def test_the_examples_ask_only_for_what_the_default_backend_finds() -> None:
    for language in LANGUAGES:
        program = "".join(steps_of(language).values())
        for absent in ("Light", "Door", "Logo", "Tile"):
            assert absent not in program


def test_the_languages_have_the_same_steps() -> None:
    curl, *others = (list(steps_of(each)) for each in LANGUAGES)
    assert others == [curl, curl]


def test_the_guide_names_the_server_by_its_setting_and_no_other() -> None:
    """`testserver` is what a request in a test says of its host."""
    html = page()
    assert "testserver" not in html
    assert f"API={configured.PUBLIC_BASE_URL}\n" in words(html)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(days=30), "30 days"),
        (timedelta(days=1), "24 hours"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(hours=1), "1 hour"),
        (None, ""),
    ],
)
def test_periods_are_told_in_words(length: timedelta | None, text: str) -> None:
    assert period(length) == text


@pytest.mark.parametrize(
    ("refund", "told"),
    [
        ("full", "all of it is refunded at once"),
        ("unfinished", "the photos that are not finished are refunded at once"),
    ],
)
def test_a_cancel_is_told_as_this_server_does_it(
    refund: str, told: str, settings: Settings
) -> None:
    settings.CANCEL_REFUND = refund
    assert told in words(render_to_string("jobs/guide.html", guide_context()))
