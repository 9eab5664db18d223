"""Sends a set and fetches it, as a program of its own that is killed where a test says:

    python -m tests.killed '{"base_url": …, "kill_after": "POST /jobs", …}'

`kill_after` is a method and how the address ends; the process dies by SIGKILL when the answer is
there and before anything is done with it.
"""

import json
import os
import re
import signal
import sys

import httpx

from s3sets import S3Client


class Deadly(httpx.HTTPTransport):
    """The network, and the end of the process after one of its answers."""

    def __init__(self, kill_after: str | None) -> None:
        super().__init__()
        self._kill_after = kill_after and re.compile(kill_after)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if self._kill_after and self._kill_after.fullmatch(f"{request.method} {request.url.path}"):
            response.read()
            os.kill(os.getpid(), signal.SIGKILL)
        return response


def main() -> None:
    said = json.loads(sys.argv[1])
    with S3Client(
        said["base_url"], device=said["device"], transport=Deadly(said["kill_after"])
    ) as client:
        finished = client.edit(
            said["photos"],
            "interior",
            {"Wall": "recolor:sage"},
            state=said["state"],
            concurrent_uploads=1,
            poll_seconds=0.2,
        )
        files = finished.download(said["folder"])
    print(json.dumps({"job_id": finished.job_id, "files": [file.name for file in files]}))


if __name__ == "__main__":
    main()
