"""Every sentence of contract §3.4, §3.5, §3.6, §3.7 and §3.8 has a test; whoever changes one has to
name it."""

import re

import pytest

from jobs.tests.contract.rows import ROWS
from s3project.embedded.stack import PROJECT

CONTRACT = (PROJECT / "docs" / "contract.md").read_text(encoding="utf-8")
# What may stand between two rows.
JOINTS = re.compile(r"(?:[\s.,;:|()`-]|\band\b|\bthen\b)*")


def plain(text: str) -> str:
    """Without its marks and line ends."""
    return " ".join(text.replace("`", "").replace("**", "").split())


def section(number: str) -> str:
    found = re.search(rf"^### {re.escape(number)} [^\n]*\n(.*?)(?=^###? )", CONTRACT, re.M | re.S)
    assert found is not None
    # The heads of tables are no rows.
    return plain(re.sub(r"^\| preset \|.*\n\|[-|]+\n", "", found[1], flags=re.M))


@pytest.mark.parametrize("number", ROWS)
def test_the_rows_are_the_section_in_its_order_and_leave_no_word_out(number: str) -> None:
    rest = section(number)
    for row, *_ in ROWS[number]:
        before, found, rest = rest.partition(row)
        assert found, f"not in §{number}, or not in this order: {row}"
        assert JOINTS.fullmatch(before), f"without a row in §{number}: {before}"
    assert JOINTS.fullmatch(rest), f"without a row in §{number}: {rest}"


def test_every_row_has_a_test_that_is_there() -> None:
    missing = []
    for rows in ROWS.values():
        for row, *tests in rows:
            assert tests, row
            for name in tests:
                file, _, function = name.partition("::")
                folder = PROJECT if file.split("/")[0] in ("users", "s3project") else None
                path = (folder or PROJECT / "jobs" / "tests") / file
                if f"\ndef {function}(" not in path.read_text(encoding="utf-8"):
                    missing.append(name)
    assert missing == []
