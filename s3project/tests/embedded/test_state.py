"""Which stack a process finds."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from s3project.embedded.stack import PROJECT
from s3project.embedded.state import PublishedState
from s3project.running_stack import STACK_FOLDER, STATE_FILE, running_stack

VARIABLES = {"DATABASE_URL": "postgresql://s3@127.0.0.1:1/s3", "PORT": "8000"}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("S3_STACK")
    (tmp_path / STACK_FOLDER).mkdir(parents=True)
    return tmp_path


def test_a_published_stack_is_found_until_it_is_withdrawn(checkout: Path) -> None:
    state = PublishedState(checkout / STACK_FOLDER, VARIABLES)
    assert running_stack(checkout) == VARIABLES
    state.withdraw()
    assert running_stack(checkout) == {}


def test_a_file_left_by_a_supervisor_that_is_gone_means_nothing(checkout: Path) -> None:
    (checkout / STACK_FOLDER / STATE_FILE).write_text(json.dumps(VARIABLES))
    assert running_stack(checkout) == {}


def test_a_file_left_behind_stays_meaningless_while_the_next_stack_starts(checkout: Path) -> None:
    left = checkout / STACK_FOLDER / STATE_FILE
    left.write_text(json.dumps({"PORT": "1"}))
    assert running_stack(checkout) == {}
    state = PublishedState(checkout / STACK_FOLDER, VARIABLES)
    assert running_stack(checkout) == VARIABLES
    state.withdraw()


def test_looking_never_disturbs_the_stack_nor_another_reader(checkout: Path) -> None:
    state = PublishedState(checkout / STACK_FOLDER, VARIABLES)
    assert [running_stack(checkout) for _ in range(3)] == [VARIABLES] * 3
    state.withdraw()


@pytest.mark.parametrize("content", ["", "nonsense", "[1, 2]", '"text"', "{"])
def test_a_damaged_state_is_no_stack(checkout: Path, content: str) -> None:
    state = PublishedState(checkout / STACK_FOLDER, VARIABLES)
    (checkout / STACK_FOLDER / STATE_FILE).write_text(content)
    assert running_stack(checkout) == {}
    state.withdraw()


def test_a_checkout_without_a_stack_has_none(tmp_path: Path) -> None:
    assert running_stack(tmp_path) == {}


@pytest.mark.parametrize("word", ["off", "OFF", "0", "no", "false"])
def test_a_process_can_be_told_to_look_for_no_stack(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    state = PublishedState(checkout / STACK_FOLDER, VARIABLES)
    monkeypatch.setenv("S3_STACK", word)
    assert running_stack(checkout) == {}
    state.withdraw()


def test_looking_is_quick(checkout: Path) -> None:
    state = PublishedState(checkout / STACK_FOLDER, VARIABLES)
    started = time.process_time()
    for _ in range(200):
        running_stack(checkout)
    assert (time.process_time() - started) / 200 < 0.001
    state.withdraw()


def test_looking_imports_the_standard_library_only() -> None:
    code = (
        "import sys; import s3project.running_stack; "
        "print(*{name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=PROJECT,
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) == {"s3project", "__main__"}
