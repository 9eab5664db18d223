"""Commands that take a set on its way: edit, watch, retry, look, download."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.text import Text

from s3sets import S3Client, Set
from s3sets._photos import look_at_all
from s3sets._sync.set import Result
from s3sets.cli.advice import of_refusal, of_warnings, show_warnings
from s3sets.cli.board import Board
from s3sets.cli.exits import Exit, exit_of_set
from s3sets.cli.options import (
    Assignments,
    JobId,
    Json,
    MaybeJobId,
    Out,
    Photos,
    Preset,
    Previews,
    Protected,
    RuleId,
    Server,
    Strict,
    Template,
    Unprotected,
    find_photos,
    order,
    protection,
    signed_in,
)
from s3sets.cli.output import Output, status_text
from s3sets.cli.unfinished import Unfinished, begin, unfinished
from s3sets.errors import PackageLate, S3SetsError, ValidationFailed

RESULTS = Path("results")
GOES_ON = "The set goes on without this window. To pick it up: s3sets watch"


def edit(
    photos: Photos,
    preset: Preset = "interior",
    assignments: Assignments = None,
    protect: Protected = None,
    protect_nothing: Unprotected = False,
    template: Template = None,
    rule_id: RuleId = None,
    out: Out = RESULTS,
    previews: Previews = False,
    strict: Strict = True,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", metavar="", help="Stay until the results are here.")
    ] = True,
    as_json: Json = False,
    server: Server = None,
) -> None:
    """Edit a set: upload the photos, wait, fetch the results.

    The same command again goes on with a set that was interrupted, and pays nothing twice.
    """
    concepts, protected = order(assignments, rule_id), protection(protect, protect_nothing)
    output = Output(as_json=as_json)
    found = look_at_all(find_photos(photos))
    said: dict[str, Any] = {
        "concepts": concepts,
        "protect": protected,
        "template": template,
        "rule_id": rule_id,
        "strict": strict,
    }
    with signed_in(server) as (client, account):
        files = [[str(one.path), one.size, one.changed_ns] for one in found]
        whole = {**said, "preset": preset, "photos": files}
        place, known = begin(account, whole, out=out, previews=previews)
        eta: int | None = None
        if known:
            output.say(Text("Going on with the set that was begun.", style="dim"))
        else:
            eta = _announce(client, preset, len(found), said, place, output)

        def take(board: Board) -> Set:
            return client.edit(
                [one.path for one in found],
                preset,
                **said,
                state=place.state,
                on_progress=board.tell,
                wait=wait,
            )

        _take(client, take, place, output, wait=wait, eta_seconds=eta, package=template)


def watch(
    job_id: MaybeJobId = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FOLDER", help="Fetch the results there at the end."),
    ] = None,
    as_json: Json = False,
    server: Server = None,
) -> None:
    """Watch a set until it is done, and go on with one that was interrupted.

    A set that was begun on this machine is taken up where it was, uploads included, and its
    results are fetched. Any other job is only watched, unless --out says where its results go.
    """
    output = Output(as_json=as_json)
    with signed_in(server) as (client, account):
        begun = unfinished(account)
        mine = [one for one in begun if job_id in (None, one.job_id)]
        if mine:
            if len(begun) > 1 and job_id is None:
                output.say(Text(f"{len(begun) - 1} more are begun: s3sets watch JOB", style="dim"))
            place = mine[0] if out is None else Unfinished(mine[0].place, out, mine[0].previews)

            def resume(board: Board) -> Set:
                return client.resume(place.state, on_progress=board.tell)

            _take(client, resume, place, output)
        wanted = job_id or _newest(client, unfinished_only=True)
        if wanted is None:
            output.say("Nothing is on its way.")
            output.data(None)
            return
        watched = client.get_set(wanted)
        place_of = None if out is None else Unfinished(Path(), out, previews=False)

        def wait(board: Board) -> Set:
            return watched.wait(on_progress=board.tell)

        package = watched.job["output_template"]
        _take(client, wait, place_of, output, package=package)


def retry(
    job_id: MaybeJobId = None,
    out: Out = RESULTS,
    as_json: Json = False,
    server: Server = None,
) -> None:
    """Try the photos that failed once more, with the same order."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, account):
        source = job_id or _newest(client)
        if source is None:
            output.say("There is no job yet.")
            raise typer.Exit(Exit.REFUSED)
        if not client.get_job(source)["progress"]["failed"]:
            output.say("No photo of it has failed.")
            output.data(None)
            return
        place, _ = begin(account, {"retry": source}, out=out, previews=False)

        def take(board: Board) -> Set:
            return client.look(source, only_failed=True, state=place.state, on_progress=board.tell)

        _take(client, take, place, output)


def look(
    job_id: MaybeJobId = None,
    assignments: Assignments = None,
    protect: Protected = None,
    protect_nothing: Unprotected = False,
    template: Template = None,
    rule_id: RuleId = None,
    photos: Annotated[
        list[int] | None,
        typer.Option("--photo", metavar="N", help="Only these, from 0. Again for each."),
    ] = None,
    out: Out = RESULTS,
    previews: Previews = False,
    strict: Strict = True,
    as_json: Json = False,
    server: Server = None,
) -> None:
    """A second look: the same photos with another order. Nothing is uploaded again."""
    concepts, protected = order(assignments, rule_id), protection(protect, protect_nothing)
    output = Output(as_json=as_json)
    said: dict[str, Any] = {
        "protect": protected,
        "template": template,
        "rule_id": rule_id,
        "items": photos,
        "strict": strict,
    }
    with signed_in(server) as (client, account):
        source = job_id or _newest(client)
        if source is None:
            output.say("There is no job yet.")
            raise typer.Exit(Exit.REFUSED)
        whole = {**said, "look": source, "concepts": concepts}
        place, known = begin(account, whole, out=out, previews=previews)
        eta: int | None = None
        if not known:
            job = client.get_job(source)
            count = len(photos or job["items"])
            eta = _announce(client, job["preset"], count, whole, place, output)

        def take(board: Board) -> Set:
            return client.look(source, concepts, **said, state=place.state, on_progress=board.tell)

        _take(client, take, place, output, eta_seconds=eta, package=template)


def download(
    job_id: MaybeJobId = None,
    out: Out = RESULTS,
    previews: Previews = False,
    as_json: Json = False,
    server: Server = None,
) -> None:
    """Fetch the results of a job. No other file is ever replaced."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, _):
        wanted = job_id or _newest(client)
        if wanted is None:
            output.say("There is no job yet.")
            raise typer.Exit(Exit.REFUSED)
        fetched = client.get_set(wanted)
        with Board(output) as board:
            files = fetched.download(out, previews=previews, on_progress=board.tell)
        _report(fetched, files, output)


def cancel(job_id: JobId, as_json: Json = False, server: Server = None) -> None:
    """End a job that is not done, and get back what it has not used."""
    output = Output(as_json=as_json)
    with signed_in(server) as (client, account):
        said = client.cancel_job(job_id)
        for one in unfinished(account):
            if one.job_id == job_id:
                one.forget()
        output.data(said)
        credits = "credit" if said["refunded"] == 1 else "credits"
        output.say(f"Canceled. {said['refunded']} {credits} came back, {said['credits']} are left.")


def _announce(
    client: S3Client,
    preset: str,
    count: int,
    said: Mapping[str, Any],
    place: Unfinished,
    output: Output,
) -> int | None:
    """Says what it will cost, before anything is sent. Returns the seconds that it may take. Raises
    OrderMisspelt where something is and `said` is `strict`.
    """
    try:
        checked = client.check_job(
            preset,
            count,
            said["concepts"],
            protect=said["protect"],
            rule_id=said["rule_id"],
            output_template=said["template"],
        )
        if checked["warnings"] and said["strict"]:
            raise of_warnings(checked["warnings"])
    except S3SetsError as error:
        place.forget()  # there is nothing to go on with
        if isinstance(error, ValidationFailed):
            raise of_refusal(error) from error
        raise
    photos = "1 photo" if count == 1 else f"{count} photos"
    credits = "1 credit" if checked["credits"] == 1 else f"{checked['credits']} credits"
    left = checked["balance_after"]
    rest = "" if left is None or not checked["admitted"] else f", {left} left after it"
    output.say(f"{preset}: {photos}, {credits}{rest}")
    show_warnings(checked["warnings"], output)
    return checked["eta_seconds"]


def _take(
    client: S3Client,
    take: Callable[[Board], Set],
    place: Unfinished | None,
    output: Output,
    *,
    wait: bool = True,
    eta_seconds: int | None = None,
    package: str | None = None,
) -> NoReturn:
    """Takes a set to its end and ends the command. Raises PackageLate when all else is here."""
    late: PackageLate | None = None
    try:
        with Board(output, eta_seconds=eta_seconds, package=package) as board:
            try:
                taken = take(board)
            except PackageLate as error:
                late, taken = error, client.get_set(error.job["job_id"])
            files: list[Path] = []
            if wait and place is not None and taken.status == "done":
                files = taken.download(place.out, previews=place.previews, on_progress=board.tell)
    except KeyboardInterrupt:
        output.complain(f"\n{GOES_ON}")
        raise typer.Exit(Exit.INTERRUPTED) from None
    except S3SetsError:
        if place is not None and place.place != Path() and not place.state.exists():
            place.forget()  # refused: there is nothing to go on with
        raise
    if not wait:
        output.data({"job": taken.job})
        output.say(f"{taken.job_id} is {taken.status}. To watch it: s3sets watch")
        raise typer.Exit(Exit.DONE)
    if late is None and place is not None and place.place != Path():
        place.forget()
    _report(taken, files, output)
    if late is not None:
        raise late
    raise typer.Exit(exit_of_set(taken.status, complete=taken.is_complete))


def _report(taken: Set, files: list[Path], output: Output) -> None:
    """What came out, and what it cost."""
    output.data({"job": taken.job, "files": [str(file) for file in files]})
    progress, credits = taken.job["progress"], taken.credits
    for file in files:
        if not output.is_live:
            output.say(str(file))
    said = status_text(taken.status)
    photos = "photo" if progress["total"] == 1 else "photos"
    said.append(f"  {progress['done']} of {progress['total']} {photos}", style="default")
    if credits["charged"] is not None:
        charged = "1 credit" if credits["charged"] == 1 else f"{credits['charged']} credits"
        said.append(f", {charged} charged", style="default")
        if credits["refunded"]:
            said.append(f", {credits['refunded']} came back", style="default")
    output.say(said)
    if output.is_live:
        _show_notes(taken.results, output)
    if files and output.is_live:
        places = sorted({str(file.parent) for file in files})
        output.say(f"{len(files)} files in {', '.join(places)}")
    output.say(Text(taken.job_id, style="dim"))


def _show_notes(results: list[Result], output: Output) -> None:
    """Why photos failed, and what to know of others: whole, where the board has cut it."""
    by_note: dict[tuple[str, str], list[str]] = {}
    for result in results:
        if result.note:
            by_note.setdefault((result.status, result.note), []).append(result.name)
    for (status, note), names in by_note.items():
        mark, style = ("✗", "red") if status == "failed" else ("!", "default")
        whose = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        output.say(Text.assemble((f"{mark} ", style), f"{whose}: {note}"))


def _newest(client: S3Client, *, unfinished_only: bool = False) -> str | None:
    states = ["created", "uploaded", "queued", "running"] if unfinished_only else None
    for job in client.list_jobs(limit=1, status=states).items:
        return job["job_id"]
    return None


def add_to(app: typer.Typer) -> None:
    for command in (edit, watch, retry, look, download, cancel):
        app.command()(command)
