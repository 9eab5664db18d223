"""What a type cannot say of a value: it stands beside the type, `Annotated[int, Schema(…)]`.

The shapes of answers are made of such types. mypy holds the functions that make answers to them,
and `s3project/openapi/types.py` makes docs/openapi.yaml of them. Descriptions are for customers.
"""

from typing import Any, Final

MISSING: Final[Any] = object()


class Schema:
    """Keywords of JSON Schema (2020-12), and three of our own.

    `name` makes the value a shape of its own in `components/schemas`. `example` is what examples
    show. `is_open` leaves room for unknown keys in the objects below it: a body's, never an
    answer's.
    """

    def __init__(
        self,
        description: str = "",
        *,
        name: str = "",
        example: Any = MISSING,
        is_open: bool = False,
        **keywords: Any,
    ) -> None:
        if description:
            keywords["description"] = description
        self.keywords = keywords
        self.name = name
        self.example = example
        self.is_open = is_open
