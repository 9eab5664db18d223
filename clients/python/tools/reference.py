"""docs/client-reference.md from the docstrings of the client: every public name there is."""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from typer import Typer

from s3sets.cli.app import app
from s3sets.cli.exits import Exit

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "s3sets"
HEAD = """# Reference of the client

Generated from the docstrings: `make client`. How it is used: [client.md](client.md).
`AsyncS3Client` and `AsyncSet` have the same methods as coroutines: `aclose` is `close`, and
`async for` goes over `watch_job` and `every`.
"""
PARTS: list[tuple[str, list[tuple[str, list[str]]]]] = [
    ("S3Client: a set in one call", [("_sync/client.py", ["S3Client"])]),
    ("S3Client: jobs, step by step", [("_sync/jobs.py", ["Jobs"])]),
    ("S3Client: the user", [("_sync/account.py", ["Account"]), ("_sync/base.py", ["Base"])]),
    ("S3Client: rules and words", [("_sync/rules.py", ["Rules"])]),
    ("S3Client: webhooks", [("_sync/webhooks.py", ["Webhooks"])]),
    ("Set", [("_sync/set.py", ["Set", "Result"]), ("shapes.py", ["Package"])]),
    (
        "What goes along",
        [
            ("progress.py", ["Progress"]),
            ("_retry.py", ["Retries"]),
            ("_calls.py", ["Page"]),
            ("edits.py", ["read_edit", "read_assignment"]),
            ("webhooks.py", ["verify"]),
        ],
    ),
]


def render() -> str:
    parts = [HEAD]
    for title, files in PARTS:
        parts.append(f"## {title}\n")
        for file, names in files:
            module = ast.parse((SOURCE / file).read_text())
            for node in module.body:
                if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name in names:
                    parts += _class(node) if isinstance(node, ast.ClassDef) else _function(node)
    parts += ["## Errors\n", *_errors(), "## s3sets\n", *_commands()]
    return "\n".join(parts)


def _class(node: ast.ClassDef) -> Iterator[str]:
    says = ast.get_docstring(node)
    if says:
        yield f"### {node.name}\n"
        yield f"{says}\n"
    fields = [
        ast.unparse(each)
        for each in node.body
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    ]
    if fields:
        yield "```python\n" + "\n".join(fields) + "\n```\n"
    for each in node.body:
        if isinstance(each, ast.FunctionDef):
            if each.name == "__init__" and says and "Client" in node.name:
                yield f"```python\n{node.name}{_signature(each)}\n```\n"
            elif not each.name.startswith("_"):
                yield from _function(each)


def _function(node: ast.FunctionDef) -> Iterator[str]:
    decorators = {each.id for each in node.decorator_list if isinstance(each, ast.Name)}
    yield f"#### {node.name}\n"
    if "property" in decorators:
        yield f"`{node.name}: {ast.unparse(node.returns) if node.returns else ''}`\n"
    else:
        yield f"```python\n{node.name}{_signature(node)}\n```\n"
    yield f"{ast.get_docstring(node) or ''}\n"


def _signature(node: ast.FunctionDef) -> str:
    arguments = ast.unparse(node.args).removeprefix("self").removeprefix(", ")
    answer = f" -> {ast.unparse(node.returns)}" if node.returns and node.name != "__init__" else ""
    arguments = re.sub(r"(?<=[\w\]])=", " = ", arguments)
    line = f"({arguments}){answer}"
    if len(node.name) + len(line) <= 90:
        return line
    pieces = re.split(r", (?![^\[]*\])", arguments)
    return "(\n" + "".join(f"    {piece},\n" for piece in pieces) + f"){answer}"


def _errors() -> Iterator[str]:
    yield "| exception | |\n|---|---|"
    for node in ast.parse((SOURCE / "errors.py").read_text()).body:
        if isinstance(node, ast.ClassDef):
            said_codes = [
                ast.literal_eval(each.value) for each in node.body if isinstance(each, ast.Assign)
            ]
            # One of this side is a text, those of the API are a tuple.
            codes = [c for each in said_codes for c in ([each] if isinstance(each, str) else each)]
            said = " ".join((ast.get_docstring(node) or "").split())
            yield f"| `{node.name}` {' '.join(f'`{code}`' for code in codes)} | {said} |"
    yield ""


def _commands() -> Iterator[str]:
    groups: list[tuple[str, Typer]] = [("", app)]
    for named in app.registered_groups:
        assert named.typer_instance is not None
        groups.append((f"{named.name} ", named.typer_instance))
    yield "| command | |\n|---|---|"
    for prefix, group in groups:
        for command in group.registered_commands:
            function = command.callback
            assert function is not None
            said = " ".join((inspect.getdoc(function) or "").split())
            yield f"| `s3sets {prefix}{command.name or function.__name__}` | {said} |"
    yield ""
    yield "`s3sets COMMAND --help` has the options. Exit codes:"
    yield ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in Exit) + ".\n"


if __name__ == "__main__":
    sys.stdout.write(render())
