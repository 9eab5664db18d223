"""`make bench`: the load of bench/lifecycle.py against a stack of its own, without GPU worker.

The load reports results itself, as a worker would; options are passed on to it.
"""

import os
import subprocess
import sys

from s3project.embedded.errors import StackError
from s3project.embedded.ports import free_port
from s3project.embedded.services import start_services
from s3project.embedded.stack import PROJECT, EmbeddedStack

ROOT = PROJECT / ".local" / "bench"
LOAD = PROJECT / "bench" / "lifecycle.py"


def main() -> int:
    """Returns the exit code of the load."""
    # Every lifecycle signs up a user, and all come from one address.
    os.environ["ANON_SIGNUP_RATE"] = "1000000/hour"
    with EmbeddedStack(ROOT, variables={**os.environ, "PORT": str(free_port())}) as stack:
        start_services(stack, worker=False)
        argv = [
            *(sys.executable, str(LOAD), "--dialect", "ours"),
            *("--base", stack.environment["PUBLIC_BASE_URL"]),
            *("--secret", stack.environment["GPU_CALLBACK_SECRET"]),
            *("--pids", ",".join(f"{name}={pid}" for name, pid in stack.pids.items())),
            *sys.argv[1:],
        ]
        return subprocess.run(argv, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackError as error:
        sys.exit(str(error))
