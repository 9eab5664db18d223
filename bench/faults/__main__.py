"""`make faults`: every experiment on a stack of its own, one table.

    .venv/bin/python -m bench.faults [--seed N] [NAME …]

Exit 0 only if every experiment lost nothing.
"""

import argparse
import logging
import os
import sys
import time
import traceback
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from s3project.embedded import processes
from s3project.embedded.ports import free_port
from s3project.embedded.stack import PROJECT, EmbeddedStack

if TYPE_CHECKING:
    from bench.faults.world import Result

ROOT = PROJECT / ".local" / "faults"
EXPERIMENTS = sorted(
    module.name for module in iter_modules([str(Path(__file__).parent / "experiments")])
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(EXPERIMENTS))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    names = options.names or EXPERIMENTS
    unknown = set(names) - set(EXPERIMENTS)
    if unknown:
        parser.error(f"no experiment {', '.join(sorted(unknown))}; known: {', '.join(EXPERIMENTS)}")
    with ExitStack() as ending:
        variables = {**os.environ, "PORT": str(free_port())}
        stack = ending.enter_context(EmbeddedStack(ROOT, variables=variables, durable=False))
        # Django's settings are read once, so the stack's addresses come before everything else.
        os.environ.update(stack.environment)
        os.environ["S3_STACK"] = "off"
        os.environ["DJANGO_SETTINGS_MODULE"] = "s3project.settings"
        environment = processes.migration_environment(stack.environment)
        migrate = processes.manage_argv("migrate", "--no-input", "--verbosity", "0")
        stack.run_process("migrate", migrate, environment)
        rows = run_all(stack, names, options.seed)
    from bench.faults.report import table

    print(table(rows))
    return int(any(problem for _, _, problem in rows.values()))


def run_all(
    stack: EmbeddedStack, names: list[str], seed: int
) -> "dict[str, tuple[Result, float, str]]":
    import django

    django.setup()
    # What experiments call in this process has its say in the table; httpx would tell addresses
    # with what opens them.
    for name in ("jobs", "httpx"):
        logging.getLogger(name).setLevel(logging.WARNING)
    from bench.faults.world import World
    from s3project.testing.live import LiveStack

    rows: dict[str, tuple[Result, float, str]] = {}
    logs = stack.logs / "live"
    logs.mkdir(exist_ok=True)
    with LiveStack(stack.environment, logs) as live:
        for name in names:
            print(f"{name} …", end=" ", flush=True)
            started, problem = time.monotonic(), ""
            with World(stack, live, seed=seed) as world:
                try:
                    import_module(f"bench.faults.experiments.{name}").run(world)
                    world.check()
                except Exception as error:
                    # Whatever went wrong, the others are run, in processes of their own.
                    traceback.print_exc()
                    problem = f"{type(error).__name__}: {str(error)[:120]}".replace("\n", " ")
                    world.kill(*list(live.pids))
            seconds = time.monotonic() - started
            rows[name] = (world.result, seconds, problem)
            print("failed" if problem else "ok", f"{seconds:.0f} s", flush=True)
    return rows


if __name__ == "__main__":
    sys.exit(main())
