"""Commands about who you are: login, and keys."""

import secrets
import sys
from typing import Annotated

import typer
from rich.text import Text

from s3sets.cli.credentials import Account, current, store
from s3sets.cli.options import Json, Server, client_of, signed_in
from s3sets.cli.output import Output, when

keys = typer.Typer(help="API keys, for servers.", no_args_is_help=True)


def login(
    url: Annotated[
        str | None, typer.Argument(metavar="URL", help="http://127.0.0.1:8000 by default.")
    ] = None,
    api_key: Annotated[
        bool,
        typer.Option("--api-key", metavar="", help="Ask for an API key, or read it from a pipe."),
    ] = False,
    device: Annotated[
        bool,
        typer.Option("--device", metavar="", help="Ask for the secret of a device that you have."),
    ] = False,
    new: Annotated[
        bool,
        typer.Option("--new", metavar="", help="A new user, although there is one here already."),
    ] = False,
    invite: Annotated[
        str | None, typer.Option("--invite", metavar="CODE", help="Where new users need one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Sign in at a server, and remember it.

    With nothing else it makes a user of this machine: a secret that is kept in a file which only
    you can read, and nowhere else. Who has it is you; without it the user is lost.
    """
    output = Output(as_json=as_json)
    known = current(url)
    if api_key:
        account = Account(known.url, api_key=_ask("API key"))
    elif device:
        account = Account(known.url, device=_ask("Device secret"))
    elif known.is_somebody and not new:
        account = known
    else:
        account = Account(known.url, device=secrets.token_urlsafe(32))
    with client_of(account) as client:
        if account.device and invite:
            client.sign_up_anonymously(device=account.device, invite=invite)
        said = client.me()
    path = store(account)
    output.data({"url": account.url, "file": str(path), **said})
    output.say(f"Signed in at {account.url} as {said['user_id']}.")
    output.say(f"{said['credits']} credits, plan {said['plan']}.")
    output.say(Text(f"Kept in {path}", style="dim"))


def _ask(what: str) -> str:
    """Without an echo; an argument would be seen by every user of the machine."""
    if sys.stdin.isatty():
        said: str = typer.prompt(what, hide_input=True)
        return said.strip()
    return sys.stdin.readline().strip()


@keys.command("list")
def list_keys(as_json: Json = False, server: Server = None) -> None:
    """Your keys."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, _):
        found = client.list_api_keys()
    output.data(found)
    output.table(
        ("key", "name", "begins", "made", "used", "ends"),
        [
            (
                one["id"],
                one["name"],
                one["prefix"],
                when(one["created_at"])[:5],
                when(one["last_used_at"])[:5],
                (one["expires_at"] or "")[:10],
            )
            for one in found
        ],
        empty="No keys yet: s3sets keys create NAME",
    )


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    expires_at: Annotated[
        str | None, typer.Option("--expires", metavar="TIME", help="2027-01-01T00:00:00Z")
    ] = None,
    as_json: Json = False,
    server: Server = None,
) -> None:
    """A new key. It is shown once."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, _):
        said = client.create_api_key(name, expires_at=expires_at)
    output.data(said)
    output.say(said["key"])
    if output.is_live:
        output.complain(Text("It is shown here and never again.", style="dim"))


@keys.command("delete")
def delete_key(
    key_id: Annotated[str, typer.Argument(metavar="KEY")],
    as_json: Json = False,
    server: Server = None,
) -> None:
    """The key is refused from then on."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, _):
        output.data(client.delete_api_key(key_id))
    output.say(f"{key_id} is deleted.")


def add_to(app: typer.Typer) -> None:
    app.command()(login)
    app.add_typer(keys, name="keys")
