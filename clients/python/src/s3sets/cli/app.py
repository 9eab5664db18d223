"""`s3sets`: its commands, and what every one of them does about errors."""

import sys
from collections.abc import Iterable
from typing import Any

import typer

from s3sets._version import __version__
from s3sets.cli import access, asking, hooks, sets
from s3sets.cli.advice import OrderMisspelt, refused_fields
from s3sets.cli.exits import exit_of
from s3sets.cli.output import Output
from s3sets.errors import (
    ApiError,
    ConcurrencyLimit,
    NotSignedIn,
    PackageLate,
    S3SetsError,
    ValidationFailed,
)

app = typer.Typer(
    name="s3sets",
    help="Sets of edited photos: send them, watch them, fetch them.",
    epilog="Begin with: s3sets login URL, then s3sets edit photos/*.jpg --set Wall=recolor:sage",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# What the API says in words of HTTP.
HERE = {"JOB_NOT_FOUND": "There is no such job: s3sets jobs lists yours."}
sets.add_to(app)
asking.add_to(app)
access.add_to(app)
hooks.add_to(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"s3sets {__version__}")
        raise typer.Exit


@app.callback()
def _all(
    version: bool = typer.Option(
        False,
        "--version",
        metavar="",
        callback=_version,
        is_eager=True,
        help="The version, and nothing else.",
    ),
) -> None:
    """Sets of edited photos: send them, watch them, fetch them.

    Who you are is what `s3sets login` stored; S3SETS_URL, S3SETS_API_KEY and S3SETS_DEVICE of the
    environment go before it.
    """


def run() -> None:
    """Ends the process with one of the documented exit codes."""
    # Typer has read it by now, and forgotten: errors are for programs too.
    output = Output(as_json="--json" in sys.argv)
    try:
        app()
    except S3SetsError as error:
        explain(error, output)
        sys.exit(exit_of(error))


def explain(error: S3SetsError, output: Output) -> None:
    """What went wrong, and what to do about it, on stderr."""
    if output.as_json:
        output.errors.print_json(data={"error": _facts(error)}, indent=2, ensure_ascii=False)
        return
    message = error.message if isinstance(error, ApiError) else str(error)
    message = HERE.get(error.code, message)
    output.complain(f"s3sets: {message}")
    if isinstance(error, ValidationFailed):
        _complain_of(refused_fields(error), output)
    elif isinstance(error, OrderMisspelt):
        _complain_of(error.lines, output)
    elif isinstance(error, ConcurrencyLimit):
        for job_id in error.details.get("open_jobs", ()):
            output.complain(f"  open: {job_id}   (s3sets watch, or s3sets cancel)")
    elif isinstance(error, NotSignedIn):
        output.complain("  s3sets login URL")
    elif isinstance(error, PackageLate):
        output.complain("  s3sets watch   fetches it when it is")
    if isinstance(error, ApiError) and error.status >= 500 and error.request_id:
        output.complain(f"  request {error.request_id}")


def _complain_of(lines: Iterable[str], output: Output) -> None:
    for line in lines:
        output.complain(f"  {line}")


def _facts(error: S3SetsError) -> dict[str, Any]:
    said: dict[str, Any] = {"code": error.code, "message": str(error)}
    if isinstance(error, ApiError):
        said["message"], said["details"] = error.message, dict(error.details)
        said["status"], said["request_id"] = error.status, error.request_id
    elif isinstance(error, OrderMisspelt):
        said["details"] = dict(error.details)
    return said
