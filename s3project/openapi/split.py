"""One description for each reader: customers never see what only GPU workers call."""

import re
from collections.abc import Iterator
from typing import Any

from s3project.openapi.shapes import JsonSchema

REFERENCE = re.compile(r"#/components/(\w+)/(.+)")


def described_for(document: JsonSchema, *, tags: list[JsonSchema], **info: str) -> JsonSchema:
    """The part of a document that is tagged with `tags`, and only the components it uses.

    `info` replaces entries of the document's `info`.
    """
    names = {tag["name"] for tag in tags}
    paths: dict[str, JsonSchema] = {}
    for path, methods in document["paths"].items():
        kept = {method: each for method, each in methods.items() if names & set(each["tags"])}
        if kept:
            paths[path] = kept
    return {
        **document,
        "info": {**document["info"], **info},
        "paths": paths,
        "tags": tags,
        "components": _used(paths, document["components"]),
    }


def _used(paths: dict[str, JsonSchema], components: JsonSchema) -> JsonSchema:
    found: set[tuple[str, str]] = set()
    ahead = [*_named(paths)]
    while ahead:
        kind, name = ahead.pop()
        if (kind, name) not in found:
            found.add((kind, name))
            ahead += _named(components[kind][name])
    return {
        kind: kept
        for kind, entries in components.items()
        if (kept := {name: each for name, each in entries.items() if (kind, name) in found})
    }


def _named(node: Any) -> Iterator[tuple[str, str]]:
    """The components that a piece of a document names; schemes of security by their bare name."""
    if isinstance(node, dict):
        for key, inner in node.items():
            if key == "$ref" and (match := REFERENCE.fullmatch(inner)):
                yield match[1], match[2]
            elif key == "security":
                yield from (("securitySchemes", scheme) for each in inner for scheme in each)
            else:
                yield from _named(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _named(inner)
