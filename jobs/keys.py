"""Where the objects of a job lie in the bucket (contract §5). Keys are made here and only here."""

from uuid import UUID

from s3project import ids


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
    return tuple(_folder(kind, user_id, job_id) for kind in ("outputs", "previews", "masks"))


def prefixes(user_id: UUID, job_id: UUID) -> tuple[str, ...]:
    """The folders of everything that belongs to a job."""
    return (input_prefix(user_id, job_id), *output_prefixes(user_id, job_id))


def _folder(kind: str, user_id: UUID, job_id: UUID) -> str:
    return f"{kind}/{ids.public_id(ids.USER, user_id)}/{ids.public_id(ids.JOB, job_id)}/"
