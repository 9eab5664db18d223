"""Uploads over 25 MiB are discarded, and what is left of them says so."""

from uuid import uuid4

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from jobs import keys
from jobs.delivery.publish import MAINTENANCE_QUEUE
from jobs.gpu.keyed_store import KeyedStore
from jobs.gpu.transfer import TooLarge
from jobs.lifecycle import services
from jobs.limits import MAX_PHOTO_BYTES
from jobs.storage.bucket import photo_storage
from jobs.tests.factories import make_job
from jobs.tests.objects import store_input
from jobs.upkeep.large_uploads import discard_large_uploads
from s3project.testing.broker import purge, waiting
from users.tests.factories import limiter_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_bucket")]


def test_what_is_too_large_leaves_an_empty_object_that_says_so_and_the_rest_stays() -> None:
    job = make_job(items=3)
    store_input(job, 0, b"x" * MAX_PHOTO_BYTES)
    store_input(job, 1, b"x" * (MAX_PHOTO_BYTES + 1))
    due = limiter_of(job.user).stored_due_at

    assert [discard_large_uploads(job.id) for _ in range(2)] == [1, 0]

    sizes = photo_storage().sizes(keys.input_prefix(job.user_id, job.id))
    assert list(sizes.values()) == [MAX_PHOTO_BYTES, 0]
    with pytest.raises(TooLarge):
        KeyedStore().read(keys.input_key(job.user_id, job.id, 1))
    sooner = limiter_of(job.user).stored_due_at
    assert due is not None
    assert sooner is not None
    assert sooner < due


def test_a_photo_that_is_sent_again_is_a_photo() -> None:
    job = make_job()
    store_input(job, 0, b"x" * (MAX_PHOTO_BYTES + 1))
    discard_large_uploads(job.id)

    store_input(job, 0, b"a photo")

    assert KeyedStore().read(keys.input_key(job.user_id, job.id, 0)) == b"a photo"


def test_an_unknown_job_has_nothing_to_discard() -> None:
    assert discard_large_uploads(uuid4()) == 0


@pytest.mark.parametrize(("size", "asked"), [(MAX_PHOTO_BYTES, 0), (MAX_PHOTO_BYTES + 1, 1)])
def test_confirm_asks_for_it_where_it_found_one(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, size: int, asked: int
) -> None:
    job = make_job()
    purge(MAINTENANCE_QUEUE)

    with django_capture_on_commit_callbacks(execute=True):
        key = keys.input_key(job.user_id, job.id, 0)
        services.confirm_upload(user_id=job.user_id, job_id=job.id, uploads={key: size})

    message = ("jobs.discard_large_uploads", [str(job.id)])
    assert waiting(MAINTENANCE_QUEUE) == [message] * asked
    purge(MAINTENANCE_QUEUE)
