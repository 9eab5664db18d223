"""Queue messages are signed: the broker may carry them, and may not make or change one.

An HMAC-SHA256 over the message as canonical JSON (keys sorted, no blanks), without its `sig`. While
a key is replaced several live at once, and a message is signed with each: whoever knows one of them
verifies it, in whichever order the new one arrives at servers and workers.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

SIGNATURE = "sig"
MOST_KEYS = 8


def signed(body: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """The message with a signature by each key."""
    return {**body, SIGNATURE: ",".join(_signature(body, key) for key in keys)}


def is_signed(body: object, keys: Sequence[str]) -> bool:
    """Whether the message is one of ours, unaltered."""
    if not isinstance(body, Mapping) or not isinstance(body.get(SIGNATURE), str):
        return False
    given = body[SIGNATURE].encode("utf-8", "surrogatepass").split(b",")[:MOST_KEYS]
    accepted = False
    for key in keys:
        expected = _signature(body, key).encode()
        for signature in given:
            # All are compared, so that the time does not tell which one matched.
            accepted |= hmac.compare_digest(signature, expected)
    return accepted


def _signature(body: Mapping[str, Any], key: str) -> str:
    unsigned = {name: value for name, value in body.items() if name != SIGNATURE}
    text = json.dumps(unsigned, sort_keys=True, separators=(",", ":"))
    return hmac.digest(key.encode(), text.encode(), "sha256").hex()
