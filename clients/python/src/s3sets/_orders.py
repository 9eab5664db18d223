"""What is to be done with a set, as execute and check take it."""

from collections.abc import Iterable, Mapping
from typing import Any

from s3sets._calls import given
from s3sets.edits import edits
from s3sets.shapes import Edit


def order_body(
    concepts: Mapping[str, Edit | str] | None,
    protect: Iterable[str] | None,
    rule_id: str | None,
    output_template: str | None,
    *,
    strict: bool = False,
) -> dict[str, Any]:
    """Without what was not said: an absent `protect` means the preset's own. Raises ValueError."""
    if concepts is None and rule_id is None:
        raise ValueError("Say what to do: concepts, or a rule.")
    return given(
        concepts=None if concepts is None else edits(concepts),
        protect=None if protect is None else list(protect),
        rule_id=rule_id,
        output_template=output_template,
        strict=strict or None,
    )
