"""Packages: sets made of the results of a job (contract §3.5)."""

from typing import Literal, TypedDict


class Package(TypedDict):
    """`url` is a ZIP, `board_url` a JPEG to look at; both null until the package is ready."""

    template: str
    alias: str
    status: Literal["pending", "ready", "failed"]
    files: int | None
    bytes: int | None
    url: str | None
    board_url: str | None
    error: str | None
