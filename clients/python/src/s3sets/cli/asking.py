"""Commands that ask, and change nothing: check, vocabulary, presets, jobs, ledger, me."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from s3sets.cli.advice import show_warnings
from s3sets.cli.exits import Exit
from s3sets.cli.options import (
    Assignments,
    Json,
    Preset,
    Protected,
    RuleId,
    Server,
    Template,
    Unprotected,
    anybody,
    find_photos,
    order,
    protection,
    signed_in,
)
from s3sets.cli.output import Cell, Output, status_text, when
from s3sets.shapes import Grade, Material, Storage

ALL = 10_000
SWATCH = "    "

Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=ALL, help="So many at most.")]


def check(
    photos: Annotated[
        list[Path] | None, typer.Argument(metavar="PHOTO", show_default=False)
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", "-c", metavar="N", help="So many photos.")
    ] = None,
    preset: Preset = "interior",
    assignments: Assignments = None,
    protect: Protected = None,
    protect_nothing: Unprotected = False,
    template: Template = None,
    rule_id: RuleId = None,
    as_json: Json = False,
    server: Server = None,
) -> None:
    """What a set would cost, and what is misspelt. Nothing is sent or charged.

    Ends with 5 where something would be left out, and with 6 where it would not be admitted.
    """
    concepts, protected = order(assignments, rule_id), protection(protect, protect_nothing)
    number = len(find_photos(photos)) if photos else count or 1
    output = Output(as_json=as_json)
    with signed_in(server) as (client, _):
        said = client.check_job(
            preset,
            number,
            concepts,
            protect=protected,
            rule_id=rule_id,
            output_template=template,
        )
    output.data(said)
    refusal, eta = said["refusal"], said["eta_seconds"]
    rows: list[tuple[Cell, Cell]] = [("photos", str(number)), ("credits", str(said["credits"]))]
    if said["balance_after"] is not None:
        rows.append(("left after it", str(said["balance_after"])))
    if eta is not None:
        rows.append(("ready in about", f"{eta} s"))
    verdict = Text("yes", style="green") if refusal is None else Text(refusal["message"], "red")
    rows.append(("admitted", verdict))
    output.table(("", ""), rows, wrap=("",))
    show_warnings(said["warnings"], output)
    if refusal is not None:
        raise typer.Exit(Exit.LIMIT)
    if said["warnings"]:
        raise typer.Exit(Exit.REFUSED)


def vocabulary(
    family: Annotated[
        str | None, typer.Argument(metavar="FAMILY", help="wood, neutral, earth, colour.")
    ] = None,
    as_json: Json = False,
    server: Server = None,
) -> None:
    """Every colour, material, texture and tone that --set may name."""
    output = Output(as_json=as_json)
    with anybody(server) as client:
        said = client.get_vocabulary()
    output.data(said)
    materials = [one for one in said["materials"] if family in (None, one["family"])]
    if not materials:
        known = sorted({one["family"] for one in said["materials"]})
        raise typer.BadParameter(f"One of {', '.join(known)}.", param_hint="FAMILY")
    columns: tuple[str, ...] = ("recolor:", "hex", "family", "grades", "")
    rows: list[tuple[Cell, ...]] = [
        (one["name"], one["hex"], one["family"], _grades(one), _names(one)) for one in materials
    ]
    if output.is_live:
        columns = ("", *columns)
        rows = [(_swatch(one["hex"]), *row) for one, row in zip(materials, rows, strict=True)]
    output.table(columns, rows, wrap=("",))
    output.hint("\ngrade:    behind the name, --set Wall=recolor:beige_b")
    if family is None:
        output.say(f"texture:  {', '.join(said['textures'])}")
        output.say(f"tone:     {', '.join(said['tones'])}   with a strength: warm:0.5")


def presets(
    preset_id: Annotated[str | None, typer.Argument(metavar="ID")] = None,
    as_json: Json = False,
    server: Server = None,
) -> None:
    """The presets; of one, its concepts, and the packages it makes."""
    output = Output(as_json=as_json)
    with anybody(server) as client:
        if preset_id is None:
            found = client.list_presets()
            output.data(found)
            rows = [(one["id"], str(one["concept_count"]), one["description"]) for one in found]
            output.table(("preset", "concepts", ""), rows, right=("concepts",), wrap=("",))
            return
        said = client.get_preset(preset_id)
    output.data(said)
    protected = set(said["protect_defaults"])
    output.table(
        ("concept", "", "found", "by itself"),
        [
            (
                one["name"],
                one["label"]["ko"],
                Text("yes", "green") if one["supported"] else Text("not here", "dim"),
                "protected" if one["name"] in protected else "",
            )
            for one in said["details"]
        ],
    )
    output.hint("")
    output.table(
        ("template", "", ""),
        [(one["alias"], one["id"], one["description"]) for one in said["output_templates"]],
        wrap=("",),
    )


def jobs(
    status: Annotated[
        list[str] | None, typer.Option("--status", metavar="STATUS", help="Only these.")
    ] = None,
    limit: Limit = 20,
    as_json: Json = False,
    server: Server = None,
) -> None:
    """Your jobs, newest first."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, _):
        found = []
        for job in client.every(client.list_jobs, status=status, limit=min(limit, 200)):
            found.append(job)
            if len(found) == limit:
                break
    output.data(found)
    rows = []
    for job in found:
        progress = job["progress"]
        failed = f" ({progress['failed']} failed)" if progress["failed"] else ""
        rows.append(
            (
                job["job_id"],
                status_text(job["status"]),
                job["preset"],
                f"{progress['done']}/{progress['total']}{failed}",
                when(job["created_at"]),
            )
        )
    columns = ("job", "status", "preset", "done", "created")
    output.table(columns, rows, wrap=("done",), empty="No jobs yet: s3sets edit")


def ledger(limit: Limit = 20, as_json: Json = False, server: Server = None) -> None:
    """Every change of your credits, newest first."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, _):
        found = []
        for event in client.every(client.list_billing_events, limit=min(limit, 200)):
            found.append(event)
            if len(found) == limit:
                break
    output.data(found)
    output.table(
        ("when", "what", "change", "credits", "job"),
        [
            (
                when(event["created_at"]),
                event["type"],
                Text(f"{event['amount']:+d}" if event["amount"] else "0", _sign(event["amount"])),
                str(event["balance_after"]),
                event["ref"] or "",
            )
            for event in found
        ],
        right=("change", "credits"),
    )


def me(as_json: Json = False, server: Server = None) -> None:
    """Who you are here, and what you have."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, account):
        said = client.me()
    output.data(said)
    slots, storage = said["rule_slots"], said["storage"]
    output.table(
        ("", ""),
        [
            ("server", account.url),
            ("user", said["user_id"]),
            ("plan", said["plan"]),
            ("credits", str(said["credits"])),
            ("open jobs", f"{said['active_jobs']} of {said['max_concurrency']}"),
            ("photos a job", f"{said['max_items_per_job']}"),
            ("rules", f"{slots['used']} of {slots['max']}"),
            ("kept", _kept(storage)),
        ],
    )


def _kept(storage: Storage) -> str:
    """It is counted now and then: nothing is known before the first time."""
    counted, limit = storage["counted_at"], storage["limit_mib"]
    amount = (
        "not counted yet"
        if counted is None
        else f"{storage['used_mib']} MiB, counted {when(counted)}"
    )
    return amount if limit is None else f"{amount}, up to {limit} MiB"


def _swatch(hex_code: str) -> Text:
    return Text(SWATCH, style=f"on {hex_code}")


def _grades(material: Material) -> Text:
    return Text("").join(Text("  ", style=f"on {grade['hex']}") for grade in material["grades"])


def _names(material: Material) -> str:
    def short(grade: Grade) -> str:
        return grade["name"].removeprefix(material["name"])

    return " ".join(short(grade) for grade in material["grades"])


def _sign(amount: int) -> str:
    return "green" if amount > 0 else ""


def add_to(app: typer.Typer) -> None:
    for command in (check, vocabulary, presets, jobs, ledger, me):
        app.command()(command)
