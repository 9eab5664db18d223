import re
from pathlib import Path

from django.conf import settings

from jobs.states import FINISHED, IN_WORK, TRANSITIONS, JobStatus

EDGE = re.compile(r"^ +(\S+) --> (\S+?)(?::.*)?$", re.MULTILINE)
DOCUMENT: Path = settings.BASE_DIR / "docs" / "state_machine.md"


def drawn_edges() -> list[tuple[str, str]]:
    """The arrows of the mermaid diagram; `[*]` is the outside."""
    _, _, rest = DOCUMENT.read_text(encoding="utf-8").partition("```mermaid\n")
    diagram, _, _ = rest.partition("```")
    return EDGE.findall(diagram)


def test_the_diagram_has_exactly_the_edges_of_the_table() -> None:
    drawn = [edge for edge in drawn_edges() if "[*]" not in edge]
    table = [(str(source), str(target)) for source in TRANSITIONS for target in TRANSITIONS[source]]

    assert sorted(drawn) == sorted(table)


def test_the_diagram_begins_with_created_and_ends_where_no_edge_leaves() -> None:
    begins = [target for source, target in drawn_edges() if source == "[*]"]
    ends = {source for source, target in drawn_edges() if target == "[*]"}

    assert begins == ["created"]
    assert ends == {str(status) for status in JobStatus if not TRANSITIONS[status]}


def test_every_status_has_its_row_in_the_table_of_edges() -> None:
    assert set(TRANSITIONS) == set(JobStatus)


def test_a_finished_job_can_only_be_relabelled() -> None:
    edges = {(status, target) for status in FINISHED for target in TRANSITIONS[status]}

    assert edges == {(JobStatus.FAILED, JobStatus.CANCELED)}
    assert not FINISHED & IN_WORK
