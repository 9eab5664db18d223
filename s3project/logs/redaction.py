"""The last look at a line before it is written: secrets, tokens and signatures are taken out.

No code of ours logs one. Libraries put addresses into their exceptions, though, and a presigned URL
or a database's address is a secret.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote, urlsplit

GONE = "[…]"
SHORTEST = 8
# What begins each kind, so that a line without it is not searched; and what is taken out.
KINDS: Mapping[str, re.Pattern[str]] = {
    # A JWT.
    "eyJ": re.compile(r"eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*"),
    # The query of a presigned URL, of Signature Version 4 and 2.
    "X-Amz-": re.compile(r"[?&]X-Amz-[^\s\"'<>\\]*", re.ASCII),
    "Signature=": re.compile(r"(?<=Signature=)[\w%+/=-]{8,}"),
    # Tokens of messages, refresh tokens, API keys, invites and secrets of webhooks.
    "wt_": re.compile(r"\bwt_[\w-]+\.[\w-]+"),
    "rt_": re.compile(r"\brt_[\w-]{16,}"),
    "s3k_": re.compile(r"\bs3k_[\w-]{8,}"),
    "s3i_": re.compile(r"\bs3i_[\w-]{8,}"),
    "whsec_": re.compile(r"\bwhsec_[\w+/=-]{8,}"),
    "://": re.compile(r"(?<=://)[^\s/@\"']*:[^\s/@\"']+(?=@)"),
    "earer ": re.compile(r"(?<=earer )[^\s\"',}]{8,}"),
}


class Redaction:
    """Of the values that this process knows, and of everything that looks like one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first: one may be a part of another.
        self._secrets = sorted({one for one in secrets if len(one) >= SHORTEST}, key=len)[::-1]

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, GONE)
        for mark, pattern in KINDS.items():
            if mark in text:
                text = pattern.sub(GONE, text)
        return text


def passwords_of(addresses: Sequence[str]) -> set[str]:
    """The passwords in addresses such as `redis://user:password@host`, as written and as meant."""
    found = set()
    for address in addresses:
        password = urlsplit(address).password if "://" in address else None
        if password:
            found |= {password, unquote(password)}
    return found
