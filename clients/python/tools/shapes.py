"""src/s3sets/shapes.py from docs/openapi.yaml: every object that travels, as a TypedDict."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

OPENAPI = Path(__file__).resolve().parents[3] / "docs" / "openapi.yaml"
TARGET = Path("src/s3sets/shapes.py")
# Python's own names, which nobody wants to shadow by an import.
RENAMED = {"Warning": "OrderWarning"}
# Envelopes: the client opens them.
ENVELOPES = ("Answer", "Error")
SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
HEAD = '''"""What the API takes and answers, as in docs/openapi.yaml. Generated: `make client`.

Plain dictionaries at run time: a key that a newer server adds is simply there.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict
'''

Schema = Mapping[str, Any]


def shapes(document: Schema) -> str:
    """The module's text, not formatted yet."""
    schemas: Mapping[str, Schema] = document["components"]["schemas"]
    parts = [HEAD]
    kept = {
        n: s
        for n, s in schemas.items()
        if not n.endswith(ENVELOPES) and n not in ("Meta", "PageMeta")
    }
    objects = {n: s for n, s in kept.items() if "properties" in s}
    aliases = {n: s for n, s in kept.items() if n not in objects}
    parts += [_typed_dict(_name(n), s) for n, s in objects.items()]
    # An alias is looked at when the module is, so that what it names comes first.
    names = [n for n, s in aliases.items() if "oneOf" not in s] + [
        n for n, s in aliases.items() if "oneOf" in s
    ]
    parts += [
        f"{_name(n)} = {_type(aliases[n])}" for n in sorted(names, key=lambda n: _rank(aliases, n))
    ]
    exported = sorted(map(_name, kept))
    parts.append("__all__ = [\n" + "".join(f"    {name!r},\n" for name in exported) + "]")
    return "\n\n".join(parts) + "\n"


def _rank(aliases: Mapping[str, Schema], name: str) -> int:
    options = aliases[name].get("oneOf", ())
    named = [o["$ref"].rpartition("/")[2] for o in options if "$ref" in o]
    return 1 + max((_rank(aliases, n) for n in named if n in aliases), default=0)


def _typed_dict(name: str, schema: Schema) -> str:
    required = set(schema.get("required", ()))
    lines = [f"class {name}(TypedDict):"]
    if schema.get("description"):
        lines.append(f"    {_doc(schema['description'])}\n")
    for key, value in schema["properties"].items():
        text = _type(value)
        lines.append(f"    {key}: {text if key in required else f'NotRequired[{text}]'}")
        if value.get("description"):
            lines.append(f"    {_doc(value['description'])}")
    return "\n".join(lines)


def _doc(text: str) -> str:
    flat = " ".join(text.split()).replace("\\", "\\\\")
    words, lines = flat.split(" "), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 84:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return '"""' + "\n    ".join(lines) + ('"""' if len(lines) == 1 else '\n    """')


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return _name(schema["$ref"].rpartition("/")[2])
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return " | ".join(_type(option) for option in schema[key])
    if "allOf" in schema:
        return _type(schema["allOf"][0])
    if "const" in schema:
        nullable = " | None" if "null" in schema.get("type", ()) else ""
        return f"Literal[{schema['const']!r}]{nullable}"
    if "enum" in schema:
        return f"Literal[{', '.join(repr(value) for value in schema['enum'])}]"
    kinds = schema.get("type", "object")
    kinds = dict.fromkeys([kinds] if isinstance(kinds, str) else kinds)
    return " | ".join(_kind(kind, schema) for kind in kinds)


def _kind(kind: str, schema: Schema) -> str:
    if kind == "array":
        return f"list[{_type(schema['items'])}]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"dict[str, {_type(values) if isinstance(values, Mapping) else 'Any'}]"
    return SIMPLE[kind]


def _name(name: str) -> str:
    return RENAMED.get(name, name)


def render() -> str:
    return shapes(yaml.safe_load(OPENAPI.read_text()))
