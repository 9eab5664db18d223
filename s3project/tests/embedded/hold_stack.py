"""Holds a stack in the folder given until it is signalled; for tests of how stacks end."""

import json
import signal
import sys
from pathlib import Path

from s3project.embedded.stack import EmbeddedStack


def main() -> None:
    with EmbeddedStack(Path(sys.argv[1]), variables={}, durable=True) as stack:
        stack.start_process(
            "family", ["/bin/sh", "-c", "sleep 600 & sleep 600 & wait"], {"PATH": "/usr/bin:/bin"}
        )
        stack.announce()
        report = {
            "pids": stack.pids,
            "guardian": stack.guardian_pid,
            "environment": stack.environment,
        }
        print(json.dumps(report), flush=True)
        while True:
            signal.pause()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    main()
