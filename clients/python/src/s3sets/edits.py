"""Edits as people write them: `recolor:sage`, `tone:warm:0.5`, `remove`."""

import re
from collections.abc import Mapping

from s3sets.shapes import Edit, Removal, ValuedEdit

ACTIONS = ("recolor", "tone", "texture", "remove")
# Wall=recolor:sage · Window[0,2]=recolor:navy · Body[all]=recolor:navy
ASSIGNMENT = re.compile(
    r"(?P<concept>[^\[\]=]+)(?:\[(?P<which>[^\[\]]*)\])?=(?P<edit>.*)", re.DOTALL
)


def read_edit(text: str) -> Edit:
    """`action:value`, or `action` alone for the preset's default. Raises ValueError."""
    action, _, value = text.strip().partition(":")
    if action == "remove":
        removal: Removal = {"action": "remove"}
        return removal
    if action not in ("recolor", "tone", "texture"):
        raise ValueError(
            f'"{text}": an edit begins with one of {", ".join(ACTIONS)}, then a colon.'
        )
    edit: ValuedEdit = {"action": action, "value": value.strip()}  # type: ignore[typeddict-item]  # one of ACTIONS
    return edit


def read_assignment(text: str) -> tuple[str, Edit]:
    """`Concept=action:value`; in brackets the instances that are meant, or `all` for all paints of
    a thing. Raises ValueError.
    """
    match = ASSIGNMENT.fullmatch(text)
    if match is None:
        raise ValueError(f'"{text}" is not like Wall=recolor:sage.')
    edit = read_edit(match["edit"])
    which = match["which"]
    if which is None:
        return match["concept"].strip(), edit
    if which.strip() == "all":
        if edit["action"] == "remove":
            raise ValueError(f'"{text}": remove takes the whole of a thing anyway.')
        edit["paint"] = "all"
    else:
        try:
            edit["instances"] = [int(number) for number in which.split(",")]
        except ValueError:
            raise ValueError(f'"{text}": in brackets stand numbers from 0, or all.') from None
    return match["concept"].strip(), edit


def edits(concepts: Mapping[str, Edit | str]) -> dict[str, Edit]:
    """Each edit as the API takes it. Raises ValueError."""
    return {
        concept: read_edit(edit) if isinstance(edit, str) else edit
        for concept, edit in concepts.items()
    }
