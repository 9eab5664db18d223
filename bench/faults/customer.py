"""A customer of the public API, who uses the client as customers do."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import httpx

from bench.faults.journal import Journal, NotedTransport
from bench.faults.keys import key_of, public_id_of, user_key_of
from s3sets import NEVER, Retries, S3Client, Unavailable, WrongState
from s3sets.shapes import CreatedJob, Job
from users.services import set_plan

EDIT = {"Wall": "tone:warm"}
# Of a request, until it is answered.
PATIENT = Retries(attempts=300, patience=60.0, first_pause=0.2, longest_pause=0.4)
POLL = 0.2


class Customer:
    """One user with a plan. `client` is what the user has; what it is told is in the journal."""

    def __init__(self, base_url: str, journal: Journal, *, plan: str = "pro") -> None:
        self._base_url = base_url
        self._journal = journal
        self._photos = tempfile.TemporaryDirectory(prefix="s3-customer-")
        self.client = self._client(PATIENT)
        said = self.client.sign_up_anonymously()
        self.token = said["token"]
        self.key = user_key_of(said["user_id"])
        set_plan(user_id=self.key, plan=plan)

    def close(self) -> None:
        self.client.close()
        self._photos.cleanup()

    def refresh(self) -> None:
        """Goes on with a new token."""
        self.token = self.client.refresh_session()["token"]

    def create(self, items: int) -> CreatedJob:
        """What the API says of the new job."""
        return self.client.create_job("interior", items)

    def create_and_upload(self, photos: Sequence[bytes]) -> str:
        created = self.create(len(photos))
        for upload, data in zip(created["upload"], photos, strict=True):
            put(upload["url"], data)
        return created["job_id"]

    def start_set(self, photos: Sequence[bytes]) -> UUID:
        """A job of these photos, executed; returns its key."""
        with tempfile.TemporaryDirectory(dir=self._photos.name) as folder:
            files = [Path(folder) / f"{number}.jpg" for number in range(len(photos))]
            for file, data in zip(files, photos, strict=True):
                file.write_bytes(data)
            queued = self.client.edit(files, "interior", EDIT, protect=[], wait=False)
        return key_of(queued.job_id)

    def start_without_photos(self, items: int) -> UUID:
        """As `start_set`, where no worker is to look."""
        job_id = self.create(items)["job_id"]
        self.confirm(job_id)
        return self.execute(job_id)

    def confirm(self, job_id: str) -> list[int]:
        """Returns what is missing."""
        return self.client.confirm_upload(job_id)["missing"]

    def execute(self, job_id: str) -> UUID:
        """Returns the job's key."""
        self.client.execute_job(job_id, EDIT, protect=[])
        return key_of(job_id)

    def cancel(self, job: UUID) -> bool:
        """Whether the job could be canceled still."""
        try:
            self.client.cancel_job(public_id_of(job))
        except WrongState:
            return False
        return True

    def see(self, job: UUID) -> Job:
        """The job as the API shows it."""
        return self.client.get_job(public_id_of(job))

    def wait(self, job: UUID) -> Job:
        """Until it is finished, as told by events, or by asking."""
        return self.client.get_set(public_id_of(job)).wait(poll_seconds=POLL).job

    def is_told_to_confirm_later(self, job_id: str) -> bool:
        """Whether a confirm-upload that is sent once is answered with 503."""
        key = self.client.create_api_key("once")
        with self._client(NEVER, api_key=key["key"]) as once:
            try:
                once.confirm_upload(job_id)
            except Unavailable as told:
                return told.status == 503 and told.retry_after is not None
            return False

    def _client(self, retries: Retries, *, api_key: str | None = None) -> S3Client:
        network = NotedTransport(self._base_url, self._journal)
        return S3Client(
            self._base_url, api_key=api_key, retries=retries, trust_env=False, transport=network
        )


def put(url: str, data: bytes) -> None:
    """Uploads a photo, to an address that was given long ago."""
    httpx.put(url, content=data, timeout=30, trust_env=False).raise_for_status()
