"""Commands about webhooks: being told instead of watching."""

from typing import Annotated

import typer
from rich.text import Text

from s3sets.cli.options import Json, Server, signed_in
from s3sets.cli.output import Cell, Output, when
from s3sets.shapes import Delivery, SecretWebhook

webhooks = typer.Typer(help="Webhooks: be told instead of asking.", no_args_is_help=True)

WebhookId = Annotated[str, typer.Argument(metavar="WEBHOOK")]
Events = Annotated[
    list[str] | None,
    typer.Option("--event", metavar="EVENT", help="job.done, item.failed, … Again for each."),
]
OUTCOMES = {"delivered": "green", "failed": "red", "pending": "magenta"}


@webhooks.command("list")
def list_webhooks(as_json: Json = False, server: Server = None) -> None:
    """Your webhooks."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, _):
        found = client.list_webhooks()
    output.data(found)
    output.table(
        ("webhook", "", "address"),
        [
            (
                one["id"],
                Text("on", "green") if one["enabled"] else Text(f"off: {one['off_reason']}", "red"),
                Text(f"{one['url']}\n{', '.join(one['events'])}"),
            )
            for one in found
        ],
        wrap=("address",),
        empty="No webhooks yet: s3sets webhooks create URL",
    )


@webhooks.command("create")
def create_webhook(
    url: Annotated[str, typer.Argument(help="Where events are POSTed to.")],
    events: Events = None,
    description: Annotated[str | None, typer.Option("--description")] = None,
    as_json: Json = False,
    server: Server = None,
) -> None:
    """A new webhook. Its secret is shown once."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, _):
        said = client.create_webhook(url, events=events, description=description)
    _show_secret(said, output)


@webhooks.command("update")
def update_webhook(
    webhook_id: WebhookId,
    url: Annotated[str | None, typer.Option("--url")] = None,
    events: Events = None,
    enabled: Annotated[
        bool | None, typer.Option("--on/--off", metavar="", show_default=False)
    ] = None,
    as_json: Json = False,
    server: Server = None,
) -> None:
    """Another address, other events, or on and off."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, _):
        said = client.update_webhook(webhook_id, url=url, events=events, enabled=enabled)
    output.data(said)
    output.say(f"{said['id']} is {'on' if said['enabled'] else 'off'}: {said['url']}")


@webhooks.command("delete")
def delete_webhook(webhook_id: WebhookId, as_json: Json = False, server: Server = None) -> None:
    """Nothing more is sent to it."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, _):
        output.data(client.delete_webhook(webhook_id))
    output.say(f"{webhook_id} is deleted.")


@webhooks.command("rotate")
def rotate_webhook(webhook_id: WebhookId, as_json: Json = False, server: Server = None) -> None:
    """A new secret. The old one signs too for a day."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, _):
        said = client.rotate_webhook(webhook_id)
    _show_secret(said, output)


@webhooks.command("test")
def send_test(webhook_id: WebhookId, as_json: Json = False, server: Server = None) -> None:
    """Send it a test."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, _):
        _show([client.test_webhook(webhook_id)], output)


@webhooks.command("deliveries")
def list_deliveries(
    webhook_id: WebhookId,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200)] = 20,
    as_json: Json = False,
    server: Server = None,
) -> None:
    """What was sent to it, newest first."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, _):
        _show(client.list_webhook_deliveries(webhook_id, limit=limit).items, output)


@webhooks.command("resend")
def resend_delivery(
    webhook_id: WebhookId,
    delivery_id: Annotated[str, typer.Argument(metavar="DELIVERY")],
    as_json: Json = False,
    server: Server = None,
) -> None:
    """Send one of them once more."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, _):
        _show([client.resend_webhook_delivery(webhook_id, delivery_id)], output)


def _show_secret(said: SecretWebhook, output: Output) -> None:
    output.data(said)
    output.say(f"{said['id']}  {said['url']}")
    output.say(said["secret"])
    if output.is_live:
        output.complain(Text("The secret is shown here and never again.", style="dim"))


def _show(deliveries: list[Delivery], output: Output) -> None:
    output.data(deliveries)
    rows: list[tuple[Cell, ...]] = [
        (
            one["id"],
            one["type"],
            Text(one["status"], OUTCOMES[one["status"]]),
            str(one["response_status"] or one["error"] or ""),
            when(one["created_at"]),
        )
        for one in deliveries
    ]
    columns = ("delivery", "event", "", "answer", "when")
    output.table(columns, rows, wrap=("answer",), empty="Nothing was sent yet.")


def add_to(app: typer.Typer) -> None:
    app.add_typer(webhooks, name="webhooks")
