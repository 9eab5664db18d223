"""The guide as a reader sees it: text without tags."""

import re
from html import unescape

FIGURE = re.compile(r'<figure class="code" data-language="(\w+)">.*?<code>(.*?)</code>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")


def words(html: str) -> str:
    return unescape(TAG.sub("", html))


def programs(html: str) -> dict[str, list[str]]:
    """Language → what is shown in it, from the top of the page to its end."""
    found: dict[str, list[str]] = {}
    for language, code in FIGURE.findall(html):
        found.setdefault(language, []).append(words(code))
    return found
