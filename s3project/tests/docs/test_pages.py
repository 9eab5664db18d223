"""The pages of /docs: what they load, how they are sent, and that they show what is described."""

import gzip
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from s3project.docs.fields import FieldReader
from s3project.docs.reference import groups_of
from s3project.docs.schema import schema_document
from s3project.docs.text import line
from s3project.testing.api import Api

PAGES = ("/docs", "/docs/reference")
VOID = {"meta", "link", "img", "rect"}


class Reader(HTMLParser):
    """What a browser would find: elements that are not closed, addresses, ids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.inline: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        self.loads += [given["src"] or ""] if "src" in given else []
        if "href" in given:
            (self.loads if tag == "link" else self.links).append(given["href"] or "")
        self.ids += [given["id"] or ""] if "id" in given else []
        self.inline += [f"{tag} {name}" for name in given if name == "style" or name[:2] == "on"]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def read(path: str) -> Reader:
    return Reader(Api().get(path).raw.decode())


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_written_into_a_page_and_nothing_comes_from_elsewhere(path: str) -> None:
    page = Api().get(path)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    found = Reader(page.raw.decode())
    assert found.open == []
    assert found.inline == []
    assert len(found.loads) >= 4
    assert [each for each in found.loads if not each.startswith("/static/")] == []


@pytest.mark.parametrize("path", PAGES)
def test_the_files_of_a_page_are_named_by_their_content_and_kept_for_ever(path: str) -> None:
    for file in set(read(path).loads):
        assert re.fullmatch(r"/static/s3project/docs/\w+\.[0-9a-f]{12}\.\w+", file)
        answer = Api().get(file)
        assert answer.status == 200, file
        assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
        plain = re.sub(r"\.[0-9a-f]{12}\.", ".", file)
        assert Api().get(plain).headers["Cache-Control"] == "max-age=60, public"
        assert Api().get(file[::-1].replace(".", ".0", 1)[::-1]).status == 404


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_light_and_costs_nothing_when_it_is_known(path: str) -> None:
    plain = Api().get(path)
    packed = Api().get(path, **{"Accept-Encoding": "gzip, deflate, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.raw) == plain.raw
    assert len(packed.raw) < 30_000
    assert "Accept-Encoding" in plain.headers["Vary"]
    scripts = [each for each in read(path).loads if each.endswith((".js", ".css"))]
    assert sum(len(Api().get(each).raw) for each in scripts) < 30_000
    again = Api().get(path, **{"If-None-Match": plain.headers["ETag"]})
    assert (again.status, again.raw) == (304, b"")


def test_every_link_within_the_pages_leads_somewhere() -> None:
    places = {path: read(path).ids for path in PAGES}
    for path, ids in places.items():
        assert len(ids) == len(set(ids)), "an id stands twice"
        for link in read(path).links:
            target, _, anchor = link.partition("#")
            target = target or path
            if target in PAGES:
                assert not anchor or anchor in places[target], f"{path}: {link}"
            else:
                assert Api().get(target).status == 200, link


def test_the_reference_has_every_operation_of_the_customers_and_no_other() -> None:
    document = schema_document()
    described = [each for path in document["paths"].values() for each in path.values()]
    shown = [each for group in groups_of(document) for each in group.endpoints]
    assert sorted(each.id for each in shown) == sorted(each["operationId"] for each in described)
    ids = set(read("/docs/reference").ids)
    assert {each.id for each in shown} <= ids
    page = Api().get("/docs/reference").raw.decode()
    assert re.findall(r"(?i)callback|claim_items|callback_secret", page) == []


EDIT = {
    "oneOf": [
        {
            "type": "object",
            "properties": {
                "action": {"type": "string", "enum": ["recolor", "tone"]},
                "value": {"type": "string", "maxLength": 200, "description": "A `colour`."},
            },
            "required": ["action", "value"],
        },
        {
            "type": "object",
            "properties": {
                "action": {"type": "string", "const": "remove"},
                "value": {"type": ["string", "null"]},
            },
            "required": ["action"],
        },
    ]
}
ORDER = {
    "anyOf": [
        {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["b"]},
    ]
}
FOUR = "at most 4 entries"
READER = FieldReader({"components": {"schemas": {"Edit": EDIT}}})


def test_the_forms_of_an_object_are_told_in_one_list() -> None:
    action, value = READER.fields({"$ref": "#/components/schemas/Edit"})
    assert (action.name, action.kind, action.need) == ("action", "string", "required")
    assert action.limits == ["recolor · tone · remove"]
    assert value.need == "required unless action is remove"
    assert (value.description, value.limits) == (
        "A <code>colour</code>.",
        ["at most 200 characters"],
    )
    assert [each.need for each in READER.fields(ORDER)] == [
        "required unless b is given",
        "required unless a is given",
    ]


@pytest.mark.parametrize(
    ("schema", "kind", "limits"),
    [
        ({"type": ["integer", "null"], "minimum": 1, "maximum": 9}, "integer or null", ["1 to 9"]),
        ({"type": "array", "items": {"type": "null"}, "maxItems": 4}, "list of nulls", [FOUR]),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, "string or null", []),
        ({"type": "boolean", "const": True}, "boolean", ["true"]),
        ({"type": "boolean", "default": False}, "boolean", ["default false"]),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "map of strings", []),
    ],
)  # fmt: skip
def test_a_type_is_told_in_words(schema: dict[str, Any], kind: str, limits: list[str]) -> None:
    field = READER.field("x", schema, "")
    assert (field.kind, field.limits, field.fields) == (kind, limits, [])


def test_the_entries_of_a_map_have_any_name() -> None:
    schema = {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Edit"}}
    (entry,) = READER.fields(schema)
    assert entry.name == "{name}"
    assert [each.name for each in entry.fields] == ["action", "value"]


def test_texts_of_the_description_are_no_html() -> None:
    assert line("a <b> & `c <d>`") == "a &lt;b&gt; &amp; <code>c &lt;d&gt;</code>"
