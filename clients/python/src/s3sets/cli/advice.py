"""Warnings: what of an order will not happen, and what may have been meant."""

from collections.abc import Sequence

from rich.text import Text

from s3sets.cli.output import Output
from s3sets.shapes import OrderWarning


def show_warnings(warnings: Sequence[OrderWarning], output: Output) -> None:
    for warning in warnings:
        output.say(Text.assemble(("! ", "red"), warning["message"]))
