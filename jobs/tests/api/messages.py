"""What a refusal says, taken apart for tests: a reader must know what is wrong and what to do, and
a program must have the facts.
"""

from typing import Any

from s3project.testing.api import Answer

WALL = {"Wall": {"action": "recolor", "value": "sage"}}
RULE = {"name": "r", "preset_id": "interior", "concepts": WALL}
JOB = {"preset": "interior", "item_count": 1}


def told(answer: Answer) -> tuple[int, str, str, Any]:
    error = answer.error
    return answer.status, error["code"], error["message"], error.get("details")


def refused(*fields: tuple[str, str], message: str | None = None) -> tuple[int, str, str, Any]:
    """A 400 over these fields."""
    field, text = fields[0]
    if message is None:
        message = text if field == "body" else f"{field}: {text}"
    details: dict[str, list[str]] = {}
    for field, text in fields:
        details.setdefault(field, []).append(text)
    return 400, "VALIDATION_ERROR", message, details
