"""The command line: what it says, where it keeps things, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s3sets._events import PackageDeadline
from s3sets._sync import watch
from s3sets.cli.app import app, run
from s3sets.cli.exits import Exit
from tests.small_api import Reply, SmallApi, refused
from tests.test_downloads import PNG, named
from tests.test_watch import job

S3Sets = Callable[..., int]
ROOT = Path(__file__).resolve().parents[1]
JOB_ID = "job_" + "1" * 32
ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
ME = {
    "user_id": "u_" + "1" * 32,
    "plan": "free",
    "credits": 10,
    "active_jobs": 0,
    "rule_slots": {"used": 0, "max": 2},
    "max_concurrency": 1,
    "max_items_per_job": 10,
    "storage": {"used_mib": 3, "limit_mib": None, "counted_at": None},
}
CHECKED: dict[str, Any] = {
    "credits": 1,
    "balance_after": 9,
    "admitted": True,
    "refusal": None,
    "warnings": [],
    "eta_seconds": 8,
}
WARNING = {
    "concept": "Wal",
    "value": "sage",
    "problem": "unknown_concept",
    "message": "Wal is not known. Did you mean Wall?",
    "suggestion": "Wall",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("NO_PROXY", "*")
    for name in ("S3SETS_URL", "S3SETS_API_KEY", "S3SETS_DEVICE", "COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def s3sets(monkeypatch: pytest.MonkeyPatch) -> S3Sets:
    def ended(*words: object) -> int:
        monkeypatch.setattr(sys, "argv", ["s3sets", *map(str, words)])
        with pytest.raises(SystemExit) as caught:
            run()
        return int(caught.value.code or 0)

    return ended


@pytest.fixture
def signed_in(api: SmallApi, monkeypatch: pytest.MonkeyPatch) -> SmallApi:
    monkeypatch.setenv("S3SETS_URL", api.base_url)
    monkeypatch.setenv("S3SETS_API_KEY", "s3k_of_a_test")
    api.on("GET", "/me", Reply(data=ME))
    return api


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "kitchen.jpg"
    path.write_bytes(b"a photo")
    return path


def of_named(status: str, *items: str) -> dict[str, Any]:
    said = job(status, *items, job_id=JOB_ID)
    for idx, item in enumerate(said["items"]):
        item["name"] = f"photo-{idx}.jpg"
    return said


def takes_a_set(api: SmallApi, *items: str) -> None:
    """One set of so many photos, which ends as `items` say."""
    pending = ["pending"] * len(items)
    uploads = [{"idx": i, "url": f"{api.base_url}/put", "key": "k"} for i in range(len(items))]
    status = "done" if "done" in items else "failed"
    ended = of_named(status, *items)
    ended["credits"] = {
        "reserved": len(items),
        "charged": items.count("done"),
        "refunded": items.count("failed"),
    }
    for idx, item in enumerate(ended["items"]):
        if items[idx] == "done":
            urls = {"result_url": f"{api.base_url}/{idx}.png", "preview_url": "…"}
            ended["outputs_ready"].append({"idx": idx, **urls})
            api.on("GET", f"/{idx}.png", named(f"photo-{idx}.png"))
        else:
            item["error"] = "not an image"
    path = f"/jobs/{JOB_ID}"
    api.on("POST", "/jobs/check", Reply(data=CHECKED))
    api.on("POST", "/jobs", Reply(201, data={"job_id": JOB_ID, "upload": uploads}))
    api.on("PUT", "/put", Reply())
    api.on("POST", f"{path}/confirm-upload", Reply(data={"missing": [], "problems": []}))
    api.on("POST", f"{path}/execute", Reply(202, data={"warnings": []}))
    api.on(
        *("GET", path),
        Reply(data={**of_named("created", *pending), "upload": uploads}),
        Reply(data=of_named("uploaded", *pending)),
        Reply(data=of_named("queued", *pending)),
        Reply(data=ended),
    )


def test_login_keeps_the_secret_of_a_new_user_where_only_its_owner_reads_it(
    api: SmallApi, s3sets: S3Sets, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.on("POST", "/auth/anon", Reply(data={"token": "t", "refresh": "r"}))
    api.on("GET", "/me", Reply(data=ME))

    assert s3sets("login", api.base_url) == 0

    path = home / "config" / "s3sets" / "credentials.json"
    stored = json.loads(path.read_text())
    secret = stored["servers"][api.base_url]["device"]
    assert (stored["current"], len(secret)) == (api.base_url, 43)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert api.asked[0].json == {"device_hash": secret}
    said = capsys.readouterr()
    assert secret not in said.out + said.err
    assert f"as {ME['user_id']}" in said.out
    # The same user again, and then another one, whose secret replaces it and does not lose it.
    assert s3sets("login") == 0
    assert json.loads(path.read_text()) == stored
    assert s3sets("login", "--new") == 0
    assert json.loads(path.read_text())["servers"][api.base_url]["former"] == [secret]


def test_a_key_is_read_from_a_pipe(
    api: SmallApi, s3sets: S3Sets, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.on("GET", "/me", Reply(data=ME))
    reading, writing = os.pipe()
    os.write(writing, b"s3k_secret\n")
    os.close(writing)
    with os.fdopen(reading) as pipe:
        monkeypatch.setattr(sys, "stdin", pipe)
        assert s3sets("login", api.base_url, "--api-key") == 0

    assert api.asked[0].headers["authorization"] == "Bearer s3k_secret"
    assert "s3k_secret" in (home / "config" / "s3sets" / "credentials.json").read_text()


def test_a_login_that_fails_keeps_nothing(api: SmallApi, s3sets: S3Sets, home: Path) -> None:
    api.on("POST", "/auth/anon", refused(403, "SIGNUP_REFUSED", {"needs": "invite"}))

    assert s3sets("login", api.base_url) == Exit.NOT_SIGNED_IN

    assert not (home / "config").exists()


def test_a_pipe_is_told_of_each_photo_once_and_of_each_file(
    signed_in: SmallApi, s3sets: S3Sets, home: Path, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "hall.jpg").write_bytes(b"another")
    takes_a_set(signed_in, "done", "failed")

    code = s3sets("edit", photo, home / "hall.jpg", "-s", "Wall=recolor:sage", "-o", "out")

    assert code == Exit.PARTLY
    assert capsys.readouterr().out.splitlines() == [
        "interior: 2 photos, 1 credit, 9 left after it",
        "photo-0.jpg\tdone",
        "photo-1.jpg\tfailed\tnot an image",
        str(home / "out" / "photo-0.png"),
        "done  1 of 2 photos, 1 credit charged, 1 came back",
        JOB_ID,
    ]
    assert (home / "out" / "photo-0.png").read_bytes() == PNG


def test_a_program_is_told_in_json_and_nothing_else(
    signed_in: SmallApi, s3sets: S3Sets, home: Path, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    takes_a_set(signed_in, "done")

    assert s3sets("edit", photo, "-s", "Wall=recolor:sage", "--json") == Exit.DONE

    said = json.loads(capsys.readouterr().out)
    assert said["files"] == [str(home / "results" / "photo-0.png")]
    assert said["job"]["status"] == "done"


def test_a_set_of_which_nothing_came_out_says_so(
    signed_in: SmallApi, s3sets: S3Sets, photo: Path
) -> None:
    takes_a_set(signed_in, "failed")

    assert s3sets("edit", photo, "-s", "Wall=recolor:sage") == Exit.NOTHING_DONE


def test_a_set_that_is_over_leaves_no_state(
    signed_in: SmallApi, s3sets: S3Sets, home: Path, photo: Path
) -> None:
    takes_a_set(signed_in, "done")
    s3sets("edit", photo, "-s", "Wall=recolor:sage")

    assert list((home / "state").rglob("*.json")) == []


def test_a_folder_stands_for_its_photos(
    signed_in: SmallApi, s3sets: S3Sets, home: Path, photo: Path
) -> None:
    takes_a_set(signed_in, "done")
    (home / "notes.txt").write_text("no photo")

    assert s3sets("edit", home, "-s", "Wall=recolor:sage", "--protect-nothing") == 0

    (create,) = (asked.json for asked in signed_in.asked if asked.path == "/jobs")
    assert create["items"] == [{"name": "kitchen.jpg", "bytes": 7}]
    execute = next(a.json for a in signed_in.asked if a.path.endswith("/execute"))
    edits = {"Wall": {"action": "recolor", "value": "sage"}}
    assert execute == {"concepts": edits, "protect": [], "strict": True}


@pytest.mark.parametrize("command", ["edit", "look"])
def test_an_order_that_is_misspelt_stops_before_anything_is_sent(
    signed_in: SmallApi,
    s3sets: S3Sets,
    home: Path,
    photo: Path,
    command: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = {**of_named("done", "done"), "preset": "interior"}
    signed_in.on("GET", f"/jobs/{JOB_ID}", Reply(data=source))
    signed_in.on("POST", "/jobs/check", Reply(data={**CHECKED, "warnings": [WARNING]}))
    words = [command, photo if command == "edit" else JOB_ID, "-s", "Wal=recolor:sage"]

    assert s3sets(*words) == Exit.USAGE
    said = capsys.readouterr()
    assert (said.out, said.err.splitlines()) == (
        "",
        [
            "s3sets: Nothing was sent, since not all of it would be done as it is written.",
            "  Wal is not known. Did you mean Wall?",
            "  --anyway   goes on, and leaves that out",
        ],
    )
    assert s3sets(*words, "--json") == Exit.USAGE
    error = json.loads(capsys.readouterr().err)["error"]
    assert (error["code"], error["details"]) == ("ORDER_MISSPELT", {"warnings": [WARNING]})

    assert {"POST /jobs", "PUT /put"}.isdisjoint(signed_in.paths())
    assert list((home / "state").glob("s3sets/sets/*")) == []


def test_a_preset_that_is_misspelt_is_a_mistake_of_usage_too(
    signed_in: SmallApi, s3sets: S3Sets, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = 'Must be interior or seller, not "interor". Did you mean interior?'
    refusal = refused(400, "VALIDATION_ERROR", {"preset": [text]})
    signed_in.on("POST", "/jobs/check", refusal)

    assert s3sets("edit", photo, "-p", "interor", "-s", "Wall=recolor:sage") == Exit.USAGE

    assert f"  preset: {text}\n" in capsys.readouterr().err
    assert signed_in.paths() == ["POST /jobs/check"]


def test_what_is_misspelt_is_left_out_where_it_is_to_go_on_anyway(
    signed_in: SmallApi, s3sets: S3Sets, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    takes_a_set(signed_in, "done")
    signed_in.on("POST", "/jobs/check", Reply(data={**CHECKED, "warnings": [WARNING]}))

    assert s3sets("edit", photo, "-s", "Wal=recolor:sage", "--anyway") == Exit.DONE

    assert "! Wal is not known. Did you mean Wall?" in capsys.readouterr().out
    execute = next(a.json for a in signed_in.asked if a.path.endswith("/execute"))
    assert "strict" not in execute


# What a shell starts in the background ignores Ctrl-C, and so would what the tests start then.
FROM_A_TERMINAL = """
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv = sys.argv[1:]
runpy.run_module("s3sets.cli", run_name="__main__")
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_watch_picks_up_what_was_interrupted_and_pays_nothing_twice(
    signed_in: SmallApi, s3sets: S3Sets, home: Path, photo: Path, end: signal.Signals
) -> None:
    takes_a_set(signed_in, "done")
    path = f"/jobs/{JOB_ID}"
    queued = job("queued", "pending", job_id=JOB_ID)
    finished = signed_in.take_off("GET", path)
    signed_in.on("GET", path, *finished[:2], Reply(data=queued))
    words = ["s3sets", "edit", str(photo), "-s", "Wall=recolor:sage"]
    command = [sys.executable, "-c", FROM_A_TERMINAL, *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as running:
        signed_in.wait_for("GET", f"{path}/events")
        running.send_signal(end)
        _, said = running.communicate(timeout=30)
    interrupted = end == signal.SIGINT
    assert running.returncode == (Exit.INTERRUPTED if interrupted else -signal.SIGKILL)
    assert ("s3sets watch" in said) == interrupted

    signed_in.on("GET", path, Reply(data=queued), finished[-1])
    assert s3sets("watch") == Exit.DONE

    assert signed_in.paths().count("POST /jobs") == 1
    assert (home / "results" / "photo-0.png").read_bytes() == PNG
    signed_in.on("GET", "/jobs", Reply(data=[]))
    assert s3sets("watch") == Exit.DONE  # and there is nothing more


def test_the_same_command_again_goes_on(
    signed_in: SmallApi, s3sets: S3Sets, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    takes_a_set(signed_in, "done")
    assert s3sets("edit", photo, "-s", "Wall=recolor:sage", "--no-wait") == Exit.DONE
    capsys.readouterr()

    assert s3sets("edit", photo, "-s", "Wall=recolor:sage") == Exit.DONE

    assert "Going on with the set that was begun." in capsys.readouterr().out
    assert signed_in.paths().count("POST /jobs") == 1


def test_a_package_that_is_late_holds_no_photo_back_and_is_fetched_later(
    signed_in: SmallApi,
    s3sets: S3Sets,
    home: Path,
    photo: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    takes_a_set(signed_in, "done")
    path = f"/jobs/{JOB_ID}"
    *before, ended = signed_in.take_off("GET", path)
    pending = {"template": "t", "alias": "all", "status": "pending", "url": None, "board_url": None}
    signed_in.on("GET", path, *before, Reply(data={**ended.data, "packages": [pending]}))
    monkeypatch.setattr(watch, "PackageDeadline", lambda seconds: PackageDeadline(0.0))

    assert s3sets("edit", photo, "-s", "Wall=recolor:sage", "-t", "all") == Exit.UNREACHABLE

    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "s3sets: The photos are finished; all is not ready after 0 s.",
        "  s3sets watch   fetches it when it is",
    ]
    assert (home / "results" / "photo-0.png").read_bytes() == PNG

    url = f"{signed_in.base_url}/all.zip"
    ready = {**pending, "status": "ready", "url": url}
    signed_in.on("GET", path, Reply(data={**ended.data, "packages": [ready]}))
    signed_in.on("GET", "/all.zip", named("all.zip"))
    assert s3sets("watch") == Exit.DONE
    assert sorted(file.name for file in (home / "results").iterdir()) == ["all.zip", "photo-0.png"]


def test_a_set_that_was_refused_is_nothing_to_go_on_with(
    signed_in: SmallApi, s3sets: S3Sets, home: Path, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signed_in.on("POST", "/jobs/check", Reply(data=CHECKED))
    signed_in.on("POST", "/jobs", refused(402, "CREDITS_EXHAUSTED", {"needed": 1}))
    signed_in.on("GET", "/jobs", Reply(data=[]))
    assert s3sets("edit", photo, "-s", "Wall=recolor:sage") == Exit.LIMIT
    capsys.readouterr()

    assert s3sets("watch") == Exit.DONE

    assert capsys.readouterr().out == "Nothing is on its way.\n"
    assert signed_in.paths().count("POST /jobs") == 1
    assert list((home / "state").glob("s3sets/sets/*")) == []


def test_a_server_that_is_away_is_said_to_be_before_it_is_given_up(
    signed_in: SmallApi, s3sets: S3Sets, capsys: pytest.CaptureFixture[str]
) -> None:
    busy = refused(503, "UNAVAILABLE", Retry_After="0")
    signed_in.on("GET", "/me", busy, busy, Reply(data=ME))

    assert s3sets("me") == Exit.DONE

    assert capsys.readouterr().err.splitlines() == [
        "It is UNAVAILABLE. Waiting for the server, and trying again …",
        "The server is back.",
    ]
    signed_in.on("GET", "/me", busy, Reply(data=ME))
    assert s3sets("me", "--json") == Exit.DONE
    assert capsys.readouterr().err == ""


def test_what_is_wrong_is_said_once(
    signed_in: SmallApi, s3sets: S3Sets, capsys: pytest.CaptureFixture[str]
) -> None:
    details = {"preset": ["It is VALIDATION_ERROR."], "concepts": ["Too many."]}
    signed_in.on("POST", "/jobs/check", refused(400, "VALIDATION_ERROR", details))

    assert s3sets("check", "-s", "Wall=recolor:sage") == Exit.REFUSED

    assert capsys.readouterr().err.splitlines() == [
        "s3sets: It is VALIDATION_ERROR.",
        "  concepts: Too many.",
    ]


def test_a_program_is_told_in_json_what_was_wrong_too(
    signed_in: SmallApi, s3sets: S3Sets, capsys: pytest.CaptureFixture[str]
) -> None:
    full = refused(429, "CONCURRENCY_LIMIT", {"limit": 1, "open_jobs": [JOB_ID]})
    signed_in.on("POST", f"/jobs/{JOB_ID}/cancel", full)

    assert s3sets("cancel", JOB_ID, "--json") == Exit.LIMIT
    assert s3sets("edit", "nowhere.jpg", "-s", "Wall=recolor:sage", "--json") == Exit.FILES

    said = capsys.readouterr()
    first, second = said.err.replace("}\n{", "}\0{").split("\0")
    assert said.out == ""
    assert json.loads(first)["error"] == {
        "code": "CONCURRENCY_LIMIT",
        "message": "It is CONCURRENCY_LIMIT.",
        "details": {"limit": 1, "open_jobs": [JOB_ID]},
        "status": 429,
        "request_id": "r-1",
    }
    assert json.loads(second)["error"]["code"] == "PHOTO_UNUSABLE"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (refused(401, "TOKEN_EXPIRED"), Exit.NOT_SIGNED_IN),
        (refused(402, "CREDITS_EXHAUSTED", {"needed": 1, "available": 0}), Exit.LIMIT),
        (refused(429, "CONCURRENCY_LIMIT", {"limit": 1, "open_jobs": [JOB_ID]}), Exit.LIMIT),
        (refused(400, "VALIDATION_ERROR", {"preset": ["Must be interior."]}), Exit.REFUSED),
        (refused(404, "JOB_NOT_FOUND"), Exit.REFUSED),
        (refused(409, "INVALID_TRANSITION", {"status": "done"}), Exit.REFUSED),
        (refused(500, "INTERNAL_ERROR"), Exit.FAULT),
        (refused(429, "RATE_LIMITED", Retry_After="999"), Exit.UNREACHABLE),
        (refused(503, "UNAVAILABLE", Retry_After="999"), Exit.UNREACHABLE),
        (Reply(raw=b"<html>"), Exit.UNREACHABLE),
    ],
)
def test_how_it_ends_says_what_was_wrong(
    signed_in: SmallApi,
    s3sets: S3Sets,
    reply: Reply,
    code: Exit,
    capsys: pytest.CaptureFixture[str],
) -> None:
    signed_in.on("POST", f"/jobs/{JOB_ID}/cancel", reply)

    assert s3sets("cancel", JOB_ID) == code

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("s3sets: ")


def test_a_photo_that_is_not_there_is_said_before_anything_is_asked(
    signed_in: SmallApi, s3sets: S3Sets
) -> None:
    assert s3sets("edit", "nowhere.jpg", "-s", "Wall=recolor:sage") == Exit.FILES
    assert signed_in.asked == []


@pytest.mark.parametrize(
    "words",
    [
        ["edit", "a.jpg"],
        ["edit", "a.jpg", "-s", "Wall"],
        ["edit", "a.jpg", "-s", "Wall=recolor:a", "-s", "Wall=recolor:b"],
        ["edit", "a.jpg", "-s", "Wall=recolor:a", "--rule", "rule_1"],
        ["edit", "a.jpg", "-s", "Wall=recolor:a", "--protect", "Floor", "--protect-nothing"],
        ["frobnicate"],
    ],
)
def test_what_cannot_be_meant_is_a_mistake_of_usage(
    signed_in: SmallApi, s3sets: S3Sets, words: list[str]
) -> None:
    assert s3sets(*words) == Exit.USAGE
    assert signed_in.asked == []


def test_check_tells_the_cost_and_ends_with_what_it_found(
    signed_in: SmallApi, s3sets: S3Sets, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["check", "--count", "3", "-s", "Wal=recolor:sage"]
    no = {"code": "CREDITS_EXHAUSTED", "message": "Too few credits.", "details": {}}
    signed_in.on(
        *("POST", "/jobs/check"),
        Reply(data=CHECKED),
        Reply(data={**CHECKED, "warnings": [WARNING]}),
        Reply(data={**CHECKED, "admitted": False, "refusal": no}),
    )

    assert [s3sets(*words) for _ in range(3)] == [Exit.DONE, Exit.REFUSED, Exit.LIMIT]

    assert "! Wal is not known. Did you mean Wall?" in capsys.readouterr().out
    assert signed_in.asked[0].json["item_count"] == 3


def test_every_command_of_the_issue_is_there() -> None:
    functions = [command.callback for command in app.registered_commands]
    names = {function.__name__ for function in functions if function is not None}
    names |= {str(group.name) for group in app.registered_groups}

    assert names >= {
        *("login", "edit", "check", "vocabulary", "jobs", "watch", "retry", "look"),
        *("download", "cancel", "ledger", "keys", "webhooks"),
    }


def grade(name: str) -> dict[str, str]:
    return {"name": name, "hex": "#c19a6b"}


TABLES: list[tuple[str, str, Any]] = [
    ("jobs", "/jobs", [job("running", "done", "failed", job_id=JOB_ID, preset="interior")]),
    (
        "ledger",
        "/me/ledger",
        [{"type": "rollback", "amount": -200, "balance_after": 1000, "ref": JOB_ID}],
    ),
    ("me", "/me", ME),
    (
        "vocabulary",
        "/vocabulary",
        {
            "materials": [
                {
                    "name": "lightgrey",
                    "family": "neutral",
                    **grade("lightgrey"),
                    "grades": [grade(f"lightgrey_{g}") for g in "abcd"],
                }
            ],
            "textures": ["oak", "marble"] * 5,
            "tones": ["warm", "cool", "bright"],
        },
    ),
    (
        "keys list",
        "/me/keys",
        [{"id": "key_" + "1" * 32, "name": "a shop", "prefix": "s3k_ABCDEF", "expires_at": None}],
    ),
    (
        "webhooks list",
        "/webhooks",
        [
            {
                "id": "wh_" + "1" * 32,
                "url": "https://a-long-name-of-a-shop.example.com/hooks/s3/photos",
                "events": ["job.done", "job.failed", "job.canceled", "item.done", "item.failed"],
                "enabled": False,
                "off_reason": "failing",
            }
        ],
    ),
    (
        "webhooks deliveries wh_1",
        "/webhooks/wh_1/deliveries",
        [
            {
                "id": "msg_" + "1" * 32,
                "type": "job.canceled",
                "status": "delivered",
                "response_status": None,
                "error": "the name could not be resolved",
            }
        ],
    ),
]


@pytest.mark.parametrize(
    ("storage", "kept"),
    [
        ({"used_mib": 0, "limit_mib": None, "counted_at": None}, "not counted yet"),
        (
            {"used_mib": 0, "limit_mib": 102_400, "counted_at": None},
            "not counted yet, up to 102400 MiB",
        ),
        (
            {"used_mib": 3, "limit_mib": 102_400, "counted_at": "2026-11-26T05:15:00.000Z"},
            "3 MiB, counted 11-26 05:15, up to 102400 MiB",
        ),
        (
            {"used_mib": 3, "limit_mib": None, "counted_at": "2026-11-26T05:15:00.000Z"},
            "3 MiB, counted 11-26 05:15",
        ),
    ],
)
def test_what_is_kept_is_said_only_once_it_is_counted(
    signed_in: SmallApi,
    s3sets: S3Sets,
    storage: dict[str, Any],
    kept: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    signed_in.on("GET", "/me", Reply(data={**ME, "storage": storage}))

    assert s3sets("me") == Exit.DONE

    assert f"kept\t{kept}" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(("words", "path", "data"), TABLES, ids=lambda value: str(value)[:20])
def test_a_table_fits_80_columns(
    signed_in: SmallApi,
    s3sets: S3Sets,
    words: str,
    path: str,
    data: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = ("created_at", "last_used_at")
    rows = (
        [{**dict.fromkeys(times, "2026-11-26T05:15:00.000Z"), **row} for row in data]
        if (isinstance(data, list))
        else data
    )
    signed_in.on("GET", path, Reply(data=rows))
    assert s3sets(*words.split(), "--json") == 0
    assert json.loads(capsys.readouterr().out) == rows
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")

    assert s3sets(*words.split()) == 0

    lines = [ANSI.sub("", line).rstrip() for line in capsys.readouterr().out.splitlines()]
    assert max(map(len, lines)) <= 80
    # What is needed to go on with is never cut.
    for ident in re.findall(r"(?:job|key|wh|msg)_1{32}", json.dumps(rows)):
        assert any(ident in line for line in lines)


def test_help_fits_80_columns(s3sets: S3Sets, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ["", "edit", "watch", "look", "login", "webhooks create"]:
        assert s3sets(*command.split(), "--help") == 0
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
