"""Options that several commands have."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from s3sets import Retries, S3Client
from s3sets.cli.credentials import Account, current
from s3sets.cli.output import Output
from s3sets.edits import read_assignment
from s3sets.errors import NotSignedIn, PhotoUnusable, S3SetsError, Unavailable, Unreachable
from s3sets.shapes import Edit

# What a folder is searched for; a photo that is named may be called anything.
ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif"})

Json = Annotated[
    bool, typer.Option("--json", metavar="", help="JSON for programs, and nothing else.")
]
Server = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", help="Another server than that of the login."),
]
Photos = Annotated[
    list[Path],
    typer.Argument(metavar="PHOTO", help="Photos, or folders of photos.", show_default=False),
]
Preset = Annotated[
    str, typer.Option("--preset", "-p", metavar="ID", help="interior, seller: s3sets presets.")
]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="EDIT",
        help="Concept=action:value, again for each: Wall=recolor:sage, Floor=texture:oak, "
        "'Window[0,2]=tone:dark', Handle=remove.",
    ),
]
Protected = Annotated[
    list[str] | None,
    typer.Option(
        "--protect", metavar="CONCEPT", help="Its pixels stay as they are. Again for each."
    ),
]
Unprotected = Annotated[
    bool,
    typer.Option(
        "--protect-nothing", metavar="", help="Not even what the preset protects by itself."
    ),
]
RuleId = Annotated[
    str | None, typer.Option("--rule", metavar="ID", help="A saved rule, instead of --set.")
]
Template = Annotated[
    str | None,
    typer.Option("--template", "-t", metavar="ID", help="A package to make: before_after, all, …"),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict/--anyway",
        metavar="",
        help="Stop where something is misspelt, or go on and leave it out.",
    ),
]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the results go.")]
Previews = Annotated[
    bool, typer.Option("--previews", metavar="", help="Fetch the small JPEGs too.")
]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="As s3sets jobs lists it.")]
MaybeJobId = Annotated[
    str | None,
    typer.Argument(metavar="JOB", help="The newest one if none is named.", show_default=False),
]


def client_of(account: Account) -> S3Client:
    """One that says so when it has to try again: nobody looks at a still screen for a minute."""
    output = Output()
    said: set[str] = set()

    def on_pause(error: S3SetsError, seconds: float) -> None:
        if not isinstance(error, Unreachable | Unavailable) and error.code not in said:
            said.add(error.code)
            output.complain(Text(f"{str(error).rstrip('.')}. Trying again …", style="dim"))

    def on_away(what: str) -> None:
        output.complain(Text(f"{what}. Waiting for the server, and trying again …", style="dim"))

    def on_back() -> None:
        output.complain(Text("The server is back.", style="dim"))

    retries = Retries(on_pause=on_pause, on_away=on_away, on_back=on_back)
    if "--json" in sys.argv:
        retries = Retries()
    return S3Client(account.url, api_key=account.api_key, device=account.device, retries=retries)


@contextmanager
def signed_in(server: str | None) -> Iterator[tuple[S3Client, Account]]:
    """A client of whoever has logged in. Raises NotSignedIn."""
    account = current(server)
    if not account.is_somebody:
        raise NotSignedIn(
            code="AUTH_REQUIRED", message=f"Nobody is signed in at {account.url}.", status=401
        )
    with client_of(account) as client:
        yield client, account


@contextmanager
def anybody(server: str | None) -> Iterator[S3Client]:
    """A client for what needs nobody."""
    with client_of(Account(current(server).url)) as client:
        yield client


def read_assignments(texts: Iterable[str] | None) -> dict[str, Edit] | None:
    """Raises BadParameter."""
    concepts: dict[str, Edit] = {}
    for text in texts or ():
        try:
            concept, edit = read_assignment(text)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--set") from None
        if concept in concepts:
            raise typer.BadParameter(f"{concept} is set twice.", param_hint="--set")
        concepts[concept] = edit
    return concepts or None


def order(assignments: list[str] | None, rule_id: str | None) -> dict[str, Edit] | None:
    """Raises BadParameter where nothing is ordered, or two things are."""
    concepts = read_assignments(assignments)
    if concepts is None and rule_id is None:
        raise typer.BadParameter("Say what to do: --set Wall=recolor:sage", param_hint="--set")
    if concepts is not None and rule_id is not None:
        raise typer.BadParameter("Either --set or --rule.", param_hint="--rule")
    return concepts


def protection(names: list[str] | None, nothing: bool) -> list[str] | None:
    """As the API takes it: None for the preset's own. Raises BadParameter."""
    if names and nothing:
        raise typer.BadParameter("Either --protect or --protect-nothing.", param_hint="--protect")
    return [] if nothing else (names or None)


def find_photos(places: list[Path]) -> list[Path]:
    """Folders are searched for photos, by name. Raises PhotoUnusable."""
    found: list[Path] = []
    for place in places:
        if place.is_dir():
            inside = sorted(p for p in place.iterdir() if p.suffix.lower() in ENDINGS)
            if not inside:
                raise PhotoUnusable(f"There are no photos in {place}.")
            found += inside
        else:
            found.append(place)
    return found
