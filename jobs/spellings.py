"""One concept under several spellings in one order: which of its edits is seen.

Plain Python over the words: web says it before it costs anything, the engine does it.
"""

from collections.abc import Iterable
from typing import Final

from jobs.presets import canonical

_BACKGROUND: Final = "background"
# What a shop means by these is the product alone.
_CUT_OUT_ACTIONS: Final = frozenset({"remove", "recolor"})


def is_cut_out(name: str, action: str) -> bool:
    """Whether an edit asks for the product alone."""
    return canonical(name) == _BACKGROUND and action in _CUT_OUT_ACTIONS


def covered_spellings(edits: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The names that are covered by another spelling → that spelling.

    edits: name and action of each that takes all of its concept. The last by name is on top; but
    where the product is cut out, no other edit of its background is seen.
    """
    ordered = sorted(edits, key=lambda edit: (is_cut_out(*edit), edit[0]))
    on_top = {canonical(name): name for name, _ in ordered}
    return {name: top for name, _ in ordered if (top := on_top[canonical(name)]) != name}
