"""A process that decodes, as its owner sees it, and as the system does."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from jobs.gpu.engine.cell import cell as cells
from jobs.gpu.engine.cell import pool
from jobs.gpu.engine.cell.cell import Cell, CellBroken
from jobs.gpu.engine.cell.sheet import new_sheet
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.errors import DAMAGED, TOO_LONG, PhotoError
from jobs.gpu.engine.formats.canvas import welcome
from jobs.tests.gpu.engine.formats.jpeg_bomb import progressive_bomb
from jobs.tests.gpu.engine.pictures import noise, png_file, wall

GOOD = png_file(wall())
SECRET = "the storage's key, which no decoder may see"


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cell]:
    monkeypatch.setenv("STORAGE_SECRET_KEY", SECRET)
    one = Cell()
    yield one
    one.close()


@pytest.fixture
def _no_cells() -> Iterator[None]:
    """Each cell of the test is new, and none is left for another."""
    pool.close_idle()
    yield
    pool.close_idle()


def proc(cell: Cell, name: str) -> Path:
    return Path(f"/proc/{cell.pid}/{name}")


def is_read(cell: Cell) -> bool:
    return np.array_equal(cell.decode(GOOD, welcome).rgb, wall())


def test_a_cell_is_told_nothing_but_how_to_start(cell: Cell) -> None:
    names = {line.split("=")[0] for line in proc(cell, "environ").read_text().split("\0") if line}
    assert names <= {
        *("PATH", "LD_LIBRARY_PATH"),
        *("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MALLOC_ARENA_MAX"),
    }
    assert SECRET not in proc(cell, "cmdline").read_text()
    assert is_read(cell)
    assert not holds(cell, SECRET.encode())
    assert holds(cell, b"OPENBLAS_NUM_THREADS")  # what is there is found


def holds(cell: Cell, words: bytes) -> bool:
    """Whether they stand in the memory of the process."""
    with proc(cell, "mem").open("rb", buffering=0) as memory:
        for line in proc(cell, "maps").read_text().splitlines():
            span, rights, *_ = line.split()
            start, end = (int(part, 16) for part in span.split("-"))
            if rights.startswith("rw") and "memfd:" not in line:
                memory.seek(start)
                if words in memory.read(end - start):
                    return True
    return False


def test_a_cell_holds_its_two_pipes_and_the_sheet_and_nothing_else(cell: Cell) -> None:
    with Path("/etc/hostname").open() as ours:
        os.set_inheritable(ours.fileno(), True)
        other = Cell()
        try:
            for one in (cell, other):
                held = sorted(os.readlink(path) for path in proc(one, "fd").iterdir())
                assert [name.split(":")[0] for name in held] == [
                    "/dev/null",
                    "/memfd",
                    "pipe",
                    "pipe",
                ]
        finally:
            other.close()


def test_a_cell_is_limited(cell: Cell) -> None:
    assert is_read(cell)
    limits = proc(cell, "limits").read_text()
    said = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()}
    assert said["Max address space"] == [str(3 * 2**30)] * 2
    assert said["Max file size"] == said["Max core file size"] == ["0", "0"]
    assert said["Max open files"] == ["16", "16"]
    assert cells.MOST_CPU_SECONDS <= int(said["Max cpu time"][0]) <= cells.MOST_CPU_SECONDS + 3


def test_a_cell_is_filtered_and_has_a_network_of_its_own_where_the_system_allows(
    cell: Cell,
) -> None:
    filtered = "Seccomp:\t2" in proc(cell, "status").read_text()
    elsewhere = proc(cell, "ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    assert cell.confinement == {"system calls filtered": filtered, "network left": elsewhere}


# Tries what a decoder that was taken over would; each letter is something that worked.
INTRUDER = """
import fcntl, os, signal, socket, sys
sys.path.insert(0, sys.argv[1])
from jobs.gpu.engine.cell import confinement
if sys.argv[2] == "confined":
    confinement.limit_resources()
    if not confinement.close_the_door():
        sys.exit("not filtered")
def signal_by_pipe(command):
    reading, writing = os.pipe()
    fcntl.fcntl(reading, command, os.getppid() if command == fcntl.F_SETOWN else signal.SIGWINCH)
def fork():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
attempts = {
    "socket": lambda: socket.socket(),
    "unix socket": lambda: socket.socketpair(),
    "read": lambda: open("/etc/passwd").read(),
    "secrets": lambda: open(f"/proc/{os.getppid()}/environ").read(),
    "write": lambda: open(sys.argv[3], "w").write("x"),
    "delete": lambda: os.unlink(sys.argv[4]),
    "signal": lambda: os.kill(os.getppid(), 0),
    "signal by a pipe, to whom": lambda: signal_by_pipe(fcntl.F_SETOWN),
    "signal by a pipe, which": lambda: signal_by_pipe(10),  # F_SETSIG
    "fork": fork,
    "limits": lambda: __import__("resource").prlimit(os.getppid(), 0),
    "list": lambda: os.listdir("/"),
}
for name, attempt in attempts.items():
    try:
        attempt()
    except OSError:
        continue
    print(name)
"""


@pytest.mark.parametrize("confined", [True, False], ids=["confined", "free"])
def test_whoever_takes_a_decoder_over_gets_nowhere(tmp_path: Path, confined: bool) -> None:
    victim = tmp_path / "victim"
    victim.touch()
    project = Path(cells.__file__).parents[4]
    done = subprocess.run(
        [sys.executable, "-c", INTRUDER, str(project), "confined" if confined else "free",
         str(tmp_path / "new"), str(victim)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "not filtered" in done.stderr:
        pytest.skip("this system has no filter of system calls")
    worked = done.stdout.split("\n")[:-1]
    everything = ["socket", "unix socket", "read", "secrets", "write", "delete", "signal",
                  "signal by a pipe, to whom", "signal by a pipe, which", "fork",
                  "limits", "list"]  # fmt: skip
    assert worked == ([] if confined else everything)


def test_a_sheet_cannot_be_cut_short_under_its_owner() -> None:
    descriptor = new_sheet()
    try:
        with pytest.raises(PermissionError):
            os.ftruncate(descriptor, 10)
    finally:
        os.close(descriptor)


@pytest.mark.usefixtures("_no_cells")
def test_one_process_decodes_many_photos() -> None:
    pids = set()
    for seed in range(5):
        assert np.array_equal(decode(png_file(wall(seed=seed))).rgb, wall(seed=seed))
        with pytest.raises(PhotoError, match="damaged"):
            decode(GOOD[:500])
        with pool.borrowed() as cell:
            pids.add(cell.pid)
    assert len(pids) == 1


@pytest.mark.usefixtures("_no_cells")
def test_a_process_that_is_killed_while_it_waits_is_replaced_unnoticed() -> None:
    with pool.borrowed() as cell:
        os.kill(cell.pid, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(cell.pid)], timeout=5)
    assert np.array_equal(decode(GOOD).rgb, wall())


@pytest.mark.usefixtures("_no_cells")
def test_a_photo_whose_process_is_killed_fails_and_the_next_one_is_read() -> None:
    def shoot(pixels: int) -> None:
        os.kill(victims.pop(), signal.SIGKILL)

    with pool.borrowed() as cell:
        victims = [cell.pid]
    with pytest.raises(PhotoError) as told:
        decode(GOOD, shoot)
    assert told.value.reason == DAMAGED
    assert not victims
    assert np.array_equal(decode(GOOD).rgb, wall())


@pytest.mark.usefixtures("_no_cells")
def test_a_file_that_costs_more_than_its_seconds_fails_and_others_do_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cells, "MOST_CPU_SECONDS", 1)
    failed: list[str] = []

    def read_bomb() -> None:
        try:
            decode(progressive_bomb())
        except PhotoError as error:
            failed.append(error.reason)

    assert decode(GOOD).height == wall().shape[0]
    beside = threading.Thread(target=read_bomb)
    beside.start()
    assert np.array_equal(decode(GOOD).rgb, wall())
    assert not failed
    beside.join()
    assert failed == [TOO_LONG]
    assert np.array_equal(decode(GOOD).rgb, wall())


def test_a_process_that_hangs_is_ended(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_SECONDS", 0.3)
    os.kill(cell.pid, signal.SIGSTOP)
    start = time.monotonic()
    with pytest.raises(PhotoError) as told:
        cell.decode(GOOD, welcome)
    assert told.value.reason == TOO_LONG
    assert time.monotonic() - start < 5
    assert not cell.is_alive()
    assert not psutil.pid_exists(cell.pid)


def test_whoever_is_asked_may_refuse_and_the_process_is_not_used_again(cell: Cell) -> None:
    class NotNow(Exception):
        pass

    def refuse(pixels: int) -> None:
        assert pixels == wall().shape[0] * wall().shape[1]
        raise NotNow

    with pytest.raises(NotNow):
        cell.decode(GOOD, refuse)
    assert not cell.is_alive()


LIAR = """
import json, sys
print(json.dumps({"ready": {}}), flush=True)
sys.stdin.readline()
sys.stdout.write(%r)
sys.stdout.flush()
sys.stdin.read()
"""
PHOTO = {"height": 2, "width": 2, "alpha": 0, "profile": 0, "orientation": 1, "frames": 1}


def told(**lies: object) -> str:
    return f'{{"photo": {PHOTO | lies}}}\n'.replace("'", '"').replace("True", "true")


@pytest.mark.parametrize(
    "said",
    [
        told(height=50_000_001), told(height=7072, width=7072), told(width=0), told(width=-1),
        told(height="2"), told(height=2.0), told(alpha=True), told(profile=2**31),
        told(orientation=-1), '{"photo": {}}\n', '{"admit": 50000001}\n', '{"admit": -1}\n',
        "no JSON\n", "[]\n", "\n", "x" * 9000, '{"admit": "many"}\n',
    ],
)  # fmt: skip
def test_a_process_that_says_what_cannot_be_is_not_believed(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "liar.py"
    program.write_text(LIAR % said)
    monkeypatch.setattr(cells, "_PROGRAM", program)
    cell = Cell()
    with pytest.raises(PhotoError) as error:
        cell.decode(GOOD, welcome)
    assert error.value.reason == DAMAGED
    assert not cell.is_alive()


def test_the_liar_is_believed_where_it_makes_sense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "liar.py"
    program.write_text(LIAR % told())
    monkeypatch.setattr(cells, "_PROGRAM", program)
    cell = Cell()
    try:
        assert cell.decode(GOOD, welcome).rgb.shape == (2, 2, 3)
    finally:
        cell.close()


def test_a_program_that_does_not_start_is_the_operators_business(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "broken.py"
    program.write_text("raise SystemExit(1)")
    monkeypatch.setattr(cells, "_PROGRAM", program)
    with pytest.raises(CellBroken):
        Cell()


def test_a_cell_ends_with_its_owner(cell: Cell) -> None:
    program = "import os, sys; sys.path.insert(0, sys.argv[1])\n" \
        "from jobs.gpu.engine.cell.cell import Cell\n" \
        "print(Cell().pid, flush=True); os._exit(1)"  # fmt: skip
    project = Path(cells.__file__).parents[4]
    said = subprocess.run(
        [sys.executable, "-c", program, str(project)], capture_output=True, text=True, check=False
    )
    pid, deadline = int(said.stdout), time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "it goes on without anybody to decode for"
        time.sleep(0.05)


def test_a_child_of_fork_has_cells_of_its_own() -> None:
    decode(GOOD)
    with pool.borrowed() as cell:
        ours = cell.pid
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with pool.borrowed() as cell:
            os.write(writer, str(cell.pid).encode())
            cell.close()
        os._exit(0)
    os.waitpid(child, 0)
    theirs = int(os.read(reader, 20))
    os.close(reader)
    os.close(writer)
    assert theirs != ours
    assert np.array_equal(decode(GOOD).rgb, wall())


def test_a_large_photo_is_read_without_transparency_of_the_one_before(cell: Cell) -> None:
    layered = np.dstack([noise(60, 70), np.full((60, 70), 7, np.uint8)])
    packed = io.BytesIO()
    Image.fromarray(layered, "RGBA").save(packed, "WEBP", lossless=True, exact=True)
    first = cell.decode(packed.getvalue(), welcome)
    assert first.alpha is not None
    assert (first.alpha == 7).all()
    second = cell.decode(GOOD, welcome)
    assert second.alpha is None
    assert np.array_equal(first.rgb, layered[..., :3])  # a copy: the sheet holds another photo
