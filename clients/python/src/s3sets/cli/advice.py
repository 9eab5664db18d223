"""Warnings: what of an order will not happen, and what may have been meant."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from s3sets.cli.output import Output
from s3sets.errors import S3SetsError, ValidationFailed
from s3sets.shapes import OrderWarning


class OrderMisspelt(S3SetsError):
    """Something of an order would not happen as it is written, and nothing of it was sent."""

    def __init__(
        self, message: str, code: str, details: Mapping[str, Any], lines: Sequence[str]
    ) -> None:
        """`lines` are for people, `details` for programs."""
        super().__init__(message)
        self.code = code
        self.details = details
        self.lines = lines


def of_warnings(warnings: Sequence[OrderWarning]) -> OrderMisspelt:
    return OrderMisspelt(
        "Nothing was sent, since not all of it would be done as it is written.",
        "ORDER_MISSPELT",
        {"warnings": warnings},
        [*(warning["message"] for warning in warnings), "--anyway   goes on, and leaves that out"],
    )


def of_refusal(error: ValidationFailed) -> OrderMisspelt:
    return OrderMisspelt(error.message, error.code, error.details, refused_fields(error))


def refused_fields(error: ValidationFailed) -> list[str]:
    """What its message does not say already, a line for each."""
    return [
        f"{field}: {text}"
        for field, messages in error.details.items()
        for text in (messages if isinstance(messages, list) else [messages])
        if text not in error.message
    ]


def show_warnings(warnings: Sequence[OrderWarning], output: Output) -> None:
    for warning in warnings:
        output.say(Text.assemble(("! ", "red"), warning["message"]))
