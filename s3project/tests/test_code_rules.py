"""Rules of this code that no linter of ours knows, each tried on a text that breaks it."""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from s3project.embedded.stack import PROJECT

ROOMS = ("s3project", "users", "jobs")
EVERYWHERE = (*ROOMS, "bench")
# Where a module is imported inside a function, and why not above.
LATE_IMPORTS = {
    "jobs/gpu/engine/formats/libvips.py": "it starts threads, and most photos never need it",
    "jobs/gpu/engine/segmenters/registry.py": "a backend is loaded when it is chosen",
    "jobs/gpu/engine/segmenters/sam3.py": "torch is installed on GPU hosts only",
    "s3project/embedded/broker.py": "the engine's wheel is for development only",
    "s3project/testing/plugin.py": "Django's settings are read after the engines are up",
}
DJANGOS_SIGNALS = ("django.dispatch", "django.db.models.signals", "django.core.signals")
SUPPRESSION = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma)\b(?P<rest>.*)")
CODES = re.compile(r"^(?:\[[\w, -]+\]|:\s*no (?:cover|branch)|:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?")


def sources(*folders: str) -> list[Path]:
    """The Python files of these folders, from the project's."""
    return [
        path.relative_to(PROJECT)
        for folder in folders or EVERYWHERE
        for path in sorted((PROJECT / folder).rglob("*.py"))
    ]


def broken(rule: Callable[[str], list[int]], *folders: str) -> list[str]:
    """`path:line` of all that breaks a rule."""
    return [
        f"{path}:{line}"
        for path in sources(*folders)
        for line in rule((PROJECT / path).read_text(encoding="utf-8"))
    ]


def suppressions_without_a_reason(text: str) -> list[int]:
    """A code says what is suppressed; why is for a human to say, in two words or more."""
    lines = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and (match := SUPPRESSION.match(token.string)):
            reason = CODES.sub("", match["rest"]).strip(" #()")
            lines += [] if len(reason.split()) > 1 else [token.start[0]]
    return lines


def late_imports(text: str) -> list[int]:
    lines = {
        inner.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    }
    return sorted(lines)


def _imported(text: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)


def signals(text: str) -> list[int]:
    """Django's, but for those that listeners are only taken from. (Celery's are the only way to
    hear of its workers.)"""
    nodes = list(ast.walk(ast.parse(text)))
    silenced = Counter(
        node.value.id
        for node in nodes
        if isinstance(node, ast.Attribute)
        and node.attr == "disconnect"
        and isinstance(node.value, ast.Name)
    )
    named = Counter(node.id for node in nodes if isinstance(node, ast.Name))
    only_silenced = {name for name, times in silenced.items() if times == named[name]}
    return [
        line
        for line, name in _imported(text)
        if name.startswith(DJANGOS_SIGNALS) and name.rpartition(".")[2] not in only_silenced
    ]


def saves_of_their_own(text: str) -> list[int]:
    """A model whose `save` does more than saving hides it from `update` and `bulk_create`."""
    return [
        method.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
        for method in node.body
        if isinstance(method, ast.FunctionDef) and method.name in ("save", "delete")
    ]


def test_every_suppression_says_why() -> None:
    assert broken(suppressions_without_a_reason, *EVERYWHERE, "clients", "supply") == []


def test_nothing_is_imported_inside_a_function_but_for_a_reason() -> None:
    found = {place.partition(":")[0] for place in broken(late_imports, *ROOMS)}

    assert found == set(LATE_IMPORTS)


def test_nobody_listens_to_djangos_signals() -> None:
    assert broken(signals, *ROOMS) == []


def test_no_model_saves_or_deletes_in_a_way_of_its_own() -> None:
    assert broken(saves_of_their_own, "jobs/models", "users/models") == []


def test_no_module_is_called_by_a_name_that_says_nothing() -> None:
    names = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}

    assert [str(path) for path in sources() if path.name in names] == []


def test_every_migration_has_a_number_and_a_name() -> None:
    migrations = [path for path in sources(*ROOMS) if path.parent.name == "migrations"]
    named = re.compile(r"\d{4}_(?!auto_\d)[a-z_]+\.py|__init__\.py")

    assert len(migrations) > 2
    assert [str(path) for path in migrations if not named.fullmatch(path.name)] == []


@pytest.mark.parametrize(
    ("rule", "text", "lines"),
    [
        (suppressions_without_a_reason, "a = b  # noqa: F401", [1]),
        (suppressions_without_a_reason, "a = b  # noqa: F401, S105 (why)", [1]),
        (suppressions_without_a_reason, "a = b  # noqa: F401, S105 (for a reason)", []),
        (suppressions_without_a_reason, "a = b  # type: ignore", [1]),
        (suppressions_without_a_reason, "\na = b  # type: ignore[arg-type]", [2]),
        (suppressions_without_a_reason, "a = b  # type: ignore[arg-type]  # it is so", []),
        (suppressions_without_a_reason, "a = b  # pragma: no cover", [1]),
        (suppressions_without_a_reason, 'a = "# noqa"', []),
        (late_imports, "import os\ndef f():\n    def g():\n        from re import compile", [4]),
        (late_imports, "if True:\n    import os", []),
        (signals, "from django.dispatch import receiver", [1]),
        (signals, "import django.db.models.signals", [1]),
        (signals, "from django.db.models import signals", [1]),
        (signals, "from django.core.signals import got\ngot.disconnect(f)", []),
        (signals, "from django.core.signals import got\ngot.disconnect(f)\ngot.connect(g)", [1]),
        (signals, "from django.core.signals import got\ngot.disconnect(f)\nlisten(got)", [1]),
        (signals, "from celery.signals import worker_ready", []),
        (saves_of_their_own, "class Job(Model):\n    def save(self):\n        pass", [2]),
        (saves_of_their_own, "class Job(Model):\n    def cancel(self):\n        pass", []),
    ],
)
def test_the_rules_find_what_they_are_there_to_find(
    rule: Callable[[str], list[int]], text: str, lines: list[int]
) -> None:
    assert rule(text) == lines
