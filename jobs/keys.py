"""Where objects lie in the bucket (contract §5). Keys are made here and only here.

inputs/{user}/{job}/{idx}.jpg              what a client uploaded
outputs/{user}/{job}/{idx}_result.png      what a worker made of it
previews/{user}/{job}/{idx}_thumb.jpg
packages/{user}/{job}/{template}-{n}.zip   the nth package of a template, by its alias
packages/{user}/{job}/{template}-{n}.jpg   its board
masks/{user}/{job}/{idx}_{concept}.png     a mask at the size of the engine's view
masks/{user}/{job}/{idx}_instances.json    photo and model, what was found, boxes and scores
masks/{user}/by_photo/{sha256}.json        where the masks of a photo lie, so that the same file
                                           in another set finds them
"""

import re
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from s3project import ids

# The first folder of every key of ours.
KINDS = ("inputs", "outputs", "previews", "masks", "packages")
BY_PHOTO = "by_photo"

UNFIT_FOR_A_KEY = re.compile(r"[^A-Za-z0-9_-]+")
PACKAGE = re.compile(r"/([a-z0-9_]+)-([0-9]{1,9})\.(?:zip|jpg)\Z")
LONGEST_CONCEPT = 60  # of a concept's name in a key


def inputs_prefix(user_id: UUID) -> str:
    """The folder of everything that a user uploaded."""
    return f"inputs/{ids.public_id(ids.USER, user_id)}/"


def input_prefix(user_id: UUID, job_id: UUID) -> str:
    return _folder("inputs", user_id, job_id)


def input_key(user_id: UUID, job_id: UUID, idx: int) -> str:
    return f"{input_prefix(user_id, job_id)}{idx}.jpg"


def output_key(user_id: UUID, job_id: UUID, idx: int) -> str:
    return f"{_folder('outputs', user_id, job_id)}{idx}_result.png"


def preview_key(user_id: UUID, job_id: UUID, idx: int) -> str:
    return f"{_folder('previews', user_id, job_id)}{idx}_thumb.jpg"


def output_prefixes(user_id: UUID, job_id: UUID) -> tuple[str, ...]:
    """The folders of everything that a worker makes of a job."""
    return tuple(_folder(kind, user_id, job_id) for kind in KINDS[1:])


def result_prefixes(user_id: UUID, job_id: UUID) -> tuple[str, str]:
    """The folders of what a client downloads."""
    return _folder("outputs", user_id, job_id), _folder("previews", user_id, job_id)


def packages_prefix(user_id: UUID, job_id: UUID) -> str:
    return _folder("packages", user_id, job_id)


def package_key(user_id: UUID, job_id: UUID, template: str, edition: int) -> str:
    return f"{packages_prefix(user_id, job_id)}{template}-{edition}.zip"


def board_key(user_id: UUID, job_id: UUID, template: str, edition: int) -> str:
    return f"{packages_prefix(user_id, job_id)}{template}-{edition}.jpg"


def edition_of(key: str) -> tuple[str, int] | None:
    """Template and edition of what lies in a folder of packages; None for anything else."""
    found = PACKAGE.search(key)
    return (found[1], int(found[2])) if found else None


def mask_stem(user_id: UUID, job_id: UUID, idx: int) -> str:
    """What the keys of all masks of an item begin with."""
    return f"{_folder('masks', user_id, job_id)}{idx}"


def mask_key(stem: str, concept: str) -> str:
    """Concepts are named by clients: what is unfit for a key is replaced, and told apart."""
    name = UNFIT_FOR_A_KEY.sub("_", concept)[:LONGEST_CONCEPT]
    if name != concept:
        name += "-" + sha256(concept.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{stem}_{name}.png"


def instances_key(stem: str) -> str:
    """What is known of the masks of an item."""
    return f"{stem}_instances.json"


def user_prefixes(user_id: UUID) -> tuple[str, ...]:
    """The folders of everything that there is of a user."""
    return tuple(f"{kind}/{ids.public_id(ids.USER, user_id)}/" for kind in KINDS)


def masks_prefix(user_id: UUID) -> str:
    """The folder of all masks of a user."""
    return f"masks/{ids.public_id(ids.USER, user_id)}/"


def by_photo_prefix(user_id: UUID) -> str:
    """The folder that leads from the content of a user's photos to their masks."""
    return f"{masks_prefix(user_id)}{BY_PHOTO}/"


def by_photo_key(user_id: UUID, digest: str) -> str:
    """Where it stands in which item's masks a photo's lie; `digest` is the SHA-256 of the file."""
    return f"{by_photo_prefix(user_id)}{digest}.json"


def _folder(kind: str, user_id: UUID, job_id: UUID) -> str:
    return f"{kind}/{ids.public_id(ids.USER, user_id)}/{ids.public_id(ids.JOB, job_id)}/"


class Owner(NamedTuple):
    """Whose an object is; `job_id` is None for what belongs to all jobs of the user."""

    user_id: UUID
    job_id: UUID | None


def owner_of(key: str) -> Owner | None:
    """None when the key is none of ours."""
    kind, user, job, name = [*key.split("/", 3), "", "", ""][:4]
    user_id, job_id = ids.parse_public_id(ids.USER, user), ids.parse_public_id(ids.JOB, job)
    if kind not in KINDS or user_id is None or not name:
        return None
    if job_id is None and (kind, job) != ("masks", BY_PHOTO):
        return None
    return Owner(user_id, job_id)
