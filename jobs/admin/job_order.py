"""What was ordered: by concept, and what stays as it is."""

import re
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs.models import JobCoordinator
from jobs.vocabulary import MATERIALS, normalised
from s3project.admin.tables import NOTHING, Cell, Table

HEX = re.compile(r"#[0-9a-fA-F]{6}")


def order(job: JobCoordinator) -> Table:
    kept = ", ".join(job.protect) or "nothing"
    by_itself = ", as the preset does by itself" if job.protect_defaulted else ""
    return Table(
        title="What was ordered",
        headings=("Concept", "Action", "Value"),
        rows=[(name, *_edit(edit)) for name, edit in job.concepts.items()],
        empty="No edit." if job.queued_at else "Nothing yet: the job was not executed.",
        more=f"Protected: {kept}{by_itself}." if job.queued_at else "",
    )


def _edit(edit: Any) -> tuple[Cell, Cell]:
    if not isinstance(edit, dict):
        return NOTHING, str(edit)
    value = str(edit.get("value", "")) or NOTHING
    return str(edit.get("action", NOTHING)), _with_colour(value)


def _with_colour(value: str) -> SafeString | str:
    """The value, beside its colour where it is one."""
    colour = value if HEX.fullmatch(value) else MATERIALS.get(normalised(value), "")
    if not isinstance(colour, str) or not HEX.fullmatch(colour):
        return value
    return format_html(
        '<svg class="swatch" viewBox="0 0 1 1" aria-hidden="true"><rect width="1" height="1" '
        'fill="{}"/></svg>{}',
        colour,
        value,
    )
