"""Where the objects of a job lie in the bucket (contract §5). Keys are made here and only here."""

from uuid import UUID

from s3project import ids

# The first folder of every key of ours.
KINDS = ("inputs", "outputs", "previews", "masks")


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


def prefixes(user_id: UUID, job_id: UUID) -> tuple[str, ...]:
    """The folders of everything that belongs to a job."""
    return (input_prefix(user_id, job_id), *output_prefixes(user_id, job_id))


def by_photo_prefix(user_id: UUID) -> str:
    """The folder that leads from the content of a user's photos to their masks."""
    return f"masks/{ids.public_id(ids.USER, user_id)}/by_photo/"


def _folder(kind: str, user_id: UUID, job_id: UUID) -> str:
    return f"{kind}/{ids.public_id(ids.USER, user_id)}/{ids.public_id(ids.JOB, job_id)}/"


def owner_of(key: str) -> tuple[UUID, UUID] | None:
    """(user, job) that an object belongs to; None when the key is none of ours."""
    kind, user, job, name = [*key.split("/", 3), "", "", ""][:4]
    user_id, job_id = ids.parse_public_id(ids.USER, user), ids.parse_public_id(ids.JOB, job)
    if kind not in KINDS or user_id is None or job_id is None or not name:
        return None
    return user_id, job_id
