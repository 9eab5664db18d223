"""How the pages show code and the short texts of the API's description."""

import json
import re
from typing import Any

from django.utils.html import conditional_escape, format_html_join
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import BashLexer, JavascriptLexer, JsonLexer, PythonLexer

LEXERS: dict[str, Lexer] = {
    "curl": BashLexer(),
    "python": PythonLexer(),
    "javascript": JavascriptLexer(),
    "json": JsonLexer(),
}
# Classes only: the policy of the pages allows no style within them.
FORMATTER = HtmlFormatter(nowrap=True)
# Of lines of JSON, where the browser shows them beside the text.
WIDTH = 56
CODE = re.compile(r"`([^`]+)`")


def code(text: str, language: str) -> SafeString:
    """The text as HTML for within <pre>, its words marked by classes of Pygments."""
    html: str = highlight(text.strip("\n"), LEXERS[language], FORMATTER)
    return mark_safe(html.rstrip("\n"))  # noqa: S308 (Pygments escapes)


def json_code(value: Any) -> SafeString:
    return code(json_text(value), "json")


def json_text(value: Any, indent: int = 0) -> str:
    """JSON as people write it: what fits on a line stands on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= WIDTH or not isinstance(value, dict | list):
        return flat
    inner = indent + 2
    if isinstance(value, dict):
        opening, closing = "{", "}"
        lines = [f"{json_text(key)}: {json_text(each, inner)}" for key, each in value.items()]
    else:
        opening, closing = "[", "]"
        lines = [json_text(each, inner) for each in value]
    body = ",\n".join(" " * inner + each for each in lines)
    return f"{opening}\n{body}\n{' ' * indent}{closing}"


def line(text: str) -> SafeString:
    """A line of Markdown that has nothing but `code`."""
    return mark_safe(CODE.sub(r"<code>\1</code>", conditional_escape(text)))  # noqa: S308 (escaped before)


def paragraphs(text: str) -> SafeString:
    parts = [(line(part),) for part in text.split("\n\n") if part]
    return format_html_join("", "<p>{}</p>", parts)
