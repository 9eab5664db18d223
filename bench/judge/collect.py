#!/usr/bin/env python3
"""Puts the photos of the judge into a folder, out of clones of the repositories they are from.

    .venv/bin/python bench/judge/collect.py --clones CLONES --photos PHOTOS

CLONES holds them as `owner/name`, bare or not. The photos are free to use and not ours to pass
on, so they are in no repository of ours: `photos.json` names source, licence and digest of each.
Says which are still missing, and ends with 1 when there are any.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

from bench.judge.photos import LIST, JudgedPhoto, digest_of, present, read_list

GIT = shutil.which("git") or "git"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clones", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--list", type=Path, default=LIST, help="another list of photos")
    arguments = parser.parse_args()
    arguments.photos.mkdir(parents=True, exist_ok=True)
    photos = read_list(arguments.list)
    there = present(photos, arguments.photos)
    missing = [
        photo
        for name, photo in photos.items()
        if name not in there and not taken(photo, arguments.clones, arguments.photos)
    ]
    for photo in missing:
        print(f"missing: {photo.name}: {photo.repository} {photo.commit} {photo.path}")
    print(f"{len(photos) - len(missing)} of {len(photos)} photos are in {arguments.photos}")
    return 1 if missing else 0


def taken(photo: JudgedPhoto, clones: Path, folder: Path) -> bool:
    """Write the photo; False when there is no such clone, or it holds another file."""
    clone = clones / photo.repository
    if not clone.is_dir():
        return False
    shown = subprocess.run(
        [GIT, "-C", str(clone), "show", f"{photo.commit}:{photo.path}"],
        capture_output=True,
        check=False,
    )
    if shown.returncode or digest_of(shown.stdout) != photo.sha256:
        return False
    (folder / photo.name).write_bytes(shown.stdout)
    return True


if __name__ == "__main__":
    sys.exit(main())
