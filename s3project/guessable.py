"""Which texts could be guessed, and so are no secrets.

No test of one string can prove that it is random. It can find what people and broken devices send
instead: too few characters, few different ones, a short piece again and again, a run of neighbours.
Each bound refuses 32 random decimal digits, the poorest text that passes, less than once in a
million; of other alphabets it refuses fewer.
"""

from itertools import pairwise

MIN_LENGTH = 32
MIN_DISTINCT = 6
MIN_PERIOD = 16
# The share of characters that equal the one before or are next to it: `0123…`, `zyxw…`, `aabb…`.
MAX_NEIGHBOURS = 0.75


def is_guessable(text: str) -> bool:
    """Whether something speaks against a text being a random secret."""
    return len(text) < MIN_LENGTH or is_monotonous(text)


def is_monotonous(text: str) -> bool:
    """Whether a text of any length has few characters, or a pattern."""
    return (
        len(set(text)) < MIN_DISTINCT
        or any(text[period:] == text[:-period] for period in range(1, min(MIN_PERIOD, len(text))))
        or _neighbours(text) > MAX_NEIGHBOURS * (len(text) - 1)
    )


def _neighbours(text: str) -> int:
    return sum(abs(ord(one) - ord(other)) <= 1 for one, other in pairwise(text))
