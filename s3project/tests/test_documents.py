"""What documents and comments point at is there: sections, files, settings, the version."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3project import __version__
from s3project.embedded.stack import PROJECT

FOLDERS = ("s3project", "users", "jobs", "bench", "supply", "docs", "clients", "deploy")
TEXTS = frozenset({".py", ".md", ".toml", ".yml", ".yaml", ".sql", ".html", ".js", ".css"})
# The contract sentence by sentence, as data of a test.
QUOTED = "jobs/tests/contract/rows.py"
LAWS = {"contract": "docs/contract.md", "architecture": "docs/architecture.md"}

# "contract §4.3", "Architecture §2 and §3"; a comment may break the line.
NUMBER = r"§\d+(?:\.\d+)*"
CITATION = re.compile(
    rf"(contract|architecture)[\s#]+({NUMBER}(?:(?:,|\s+and)[\s#]+{NUMBER})*)", re.I
)
# Sections of a standard, named in the same sentence.
STANDARD = re.compile(r"(RFC \d|ISO/IEC|ITU-R|W3C)(?:[^.]|\.(?!\s))*\Z", re.S)
HEADING = re.compile(r"^#{2,4} (?:(\d+(?:\.\d+)*)\.? )?(.+)$", re.M)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:" + "|".join(FOLDERS) + r")/[\w./*-]+)`")


def texts() -> Iterator[Path]:
    yield from (PROJECT / name for name in (".ci/run", "Dockerfile", "Makefile"))
    yield from (file for file in PROJECT.iterdir() if file.suffix in TEXTS)
    for folder in FOLDERS:
        for file in (PROJECT / folder).rglob("*"):
            if file.suffix in TEXTS:
                yield file


def documents() -> list[Path]:
    return [file for file in texts() if file.suffix == ".md"]


def name_of(file: Path) -> str:
    return file.relative_to(PROJECT).as_posix()


def sections(law: str) -> set[str]:
    text = (PROJECT / LAWS[law]).read_text(encoding="utf-8")
    return {f"§{number}" for number, _ in HEADING.findall(text) if number}


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    titles = [f"{number}. {title}" if number else title for number, title in HEADING.findall(text)]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def wrong_citations(text: str, known: dict[str, set[str]], own: str | None = None) -> list[str]:
    """Sections that are cited and not there, and those of nobody knows what; in the text of
    `own`, sections without a name are its own."""
    wrong = []
    cited: set[int] = set()
    for match in CITATION.finditer(text):
        for number in re.finditer(NUMBER, match[2]):
            cited.add(match.start(2) + number.start())
            if number[0] not in known[match[1].lower()]:
                wrong.append(f"{match[1]} {number[0]}")
    for match in re.finditer(NUMBER.replace("§", "§ ?"), text):
        before = text[max(match.start() - 120, 0) : match.start()]
        if match.start() in cited or STANDARD.search(before):
            continue
        if own is None or match[0] not in known[own]:
            wrong.append(f"{before[-20:]}{match[0]}")
    return wrong


def test_every_citation_of_the_law_names_a_section_of_it() -> None:
    known = {law: sections(law) for law in LAWS}
    own = {place: law for law, place in LAWS.items()} | {QUOTED: "contract"}
    wrong = {}
    for file in texts():
        found = wrong_citations(file.read_text("utf-8"), known, own.get(name_of(file)))
        if found and file != Path(__file__):
            wrong[name_of(file)] = found

    assert wrong == {}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("as contract §1.2 says", []),
        ("# as contract\n# §1.2 says", []),
        ("contract §1.2 and §1.3", ["contract §1.3"]),
        ("contract §9", ["contract §9"]),
        ("(design §2)", ["(design §2"]),
        ("RFC 9110 §13.1.2", []),
        ("ISO/IEC 14496-12, §4.2", []),
    ],
)
def test_a_citation_of_nothing_is_noticed(text: str, wrong: list[str]) -> None:
    assert wrong_citations(text, {"contract": {"§1", "§1.2"}, "architecture": {"§2"}}) == wrong


def test_every_link_between_documents_leads_somewhere() -> None:
    lost = []
    for file in documents():
        for target in LINK.findall(file.read_text(encoding="utf-8")):
            if "://" in target:
                continue
            path, _, anchor = target.partition("#")
            place = (file.parent / path).resolve() if path else file
            there = place.exists()
            if anchor and there:
                there = anchor in anchors(place.read_text(encoding="utf-8"))
            if not there:
                lost.append(f"{name_of(file)}: {target}")

    assert lost == []


def test_every_file_that_a_document_names_is_there() -> None:
    named = {
        (name_of(file), path)
        for file in documents()
        if file.name != "LICENSES.md"  # it names files of the repositories that photos come from
        for path in PATH.findall(file.read_text(encoding="utf-8"))
    }
    missing = {(file, path) for file, path in named if not any(PROJECT.glob(path.rstrip("/")))}

    assert len(named) > 20
    assert missing == set()


def test_every_setting_is_explained() -> None:
    code = (PROJECT / "s3project" / "settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r'\.\w+\(\s*"([A-Z][A-Z0-9_]+)"', code))
    explained = {
        name
        for file in documents()
        for name in re.findall(r"\b[A-Z][A-Z0-9_]+\b", file.read_text(encoding="utf-8"))
    }

    assert {"S3_ENV", "JOB_WINDOW", "METRICS_HOST"} <= names
    assert names - explained == set()


def test_the_changelog_begins_with_the_version_of_the_code() -> None:
    versions = re.findall(
        r"^## (\d+\.\d+\.\d+)", (PROJECT / "CHANGELOG.md").read_text("utf-8"), re.M
    )

    assert versions[0] == __version__
