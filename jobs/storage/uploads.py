"""Where clients PUT their photos."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jobs import keys
from jobs.storage.bucket import presign_uploads


@dataclass(frozen=True)
class Upload:
    """Where a client PUTs one photo."""

    idx: int
    url: str
    key: str


def sign_uploads(
    user_id: UUID, job_id: UUID, idxs: Iterable[int], *, at: datetime | None = None
) -> list[Upload]:
    """Upload URLs for items of a job, valid from `at` or else now. Raises StorageUnavailable."""
    input_keys = {idx: keys.input_key(user_id, job_id, idx) for idx in idxs}
    urls = presign_uploads(input_keys.values(), at=at)
    return [Upload(idx, url, key) for (idx, key), url in zip(input_keys.items(), urls, strict=True)]
