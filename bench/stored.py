#!/usr/bin/env python3
"""The objects that a history says are in the storage: a few bytes for each.

    .venv/bin/python bench/stored.py DATABASE [--connections 8]

DATABASE is one that `bench/history.py` filled, by its name beside that of the stack that runs, in
whose bucket the objects are put: results, previews and packages of all jobs whose photos are kept,
so that `manage.py audit --objects` on that database finds each. Of 320,000 jobs it is 367,000, as
of 18,000 finished jobs of ten photos. Those that are there already are left.
"""

import argparse
import http.client
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from s3project.embedded import processes
from s3project.running_stack import running_stack

BODY = b"x"
# Signed at once.
BATCH = 500
TOLD_SECONDS = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("database")
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    stack = {**running_stack(PROJECT), **os.environ}
    url = urlsplit(stack["DATABASE_URL"])._replace(path=f"/{options.database}").geturl()
    os.environ.update(processes.server_environment({**stack, "DATABASE_URL": url}))
    os.environ["DJANGO_SETTINGS_MODULE"] = "s3project.settings"
    import django

    django.setup()
    from jobs.storage.bucket import photo_storage, presign_uploads
    from jobs.watch import audit_objects

    stored = {
        key
        for kind in audit_objects.KINDS
        for page in photo_storage().listing(f"{kind}/")
        for key in page
    }
    jobs = list(audit_objects._serving().order_by("user_id", "pk").values_list("user_id", "pk"))
    missing = (
        key
        for first in range(0, len(jobs), BATCH)
        for _, expected in audit_objects._expected(jobs[first : first + BATCH])
        for key in expected.keys
        if key not in stored
    )
    started = told = time.monotonic()
    count = 0
    with ThreadPoolExecutor(options.connections) as threads:
        while batches := list(islice(_batches(missing), 4 * options.connections)):
            urls = [presign_uploads([(key, len(BODY)) for key in batch]) for batch in batches]
            count += sum(threads.map(put_all, urls))
            if time.monotonic() - told > TOLD_SECONDS:
                told = time.monotonic()
                print(f"{count:,} objects, {count / (told - started):,.0f} a second", flush=True)
    print(f"{count:,} objects in {time.monotonic() - started:.0f} s, {len(stored):,} were there")
    return 0


def _batches(keys: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(keys, BATCH)):
        yield batch


def put_all(urls: list[str]) -> int:
    """One connection for all of them. Raises SystemExit for what is not stored."""
    parts = urlsplit(urls[0])
    connection = http.client.HTTPConnection(parts.netloc)
    for url in urls:
        connection.request("PUT", url[url.index("/", 8) :], BODY)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{url}: {answer.status} {content!r}")
    connection.close()
    return len(urls)


if __name__ == "__main__":
    sys.exit(main())
