"""Photos that several jobs use: kept while one of them is kept, and deleted with the last."""

from dataclasses import dataclass, field

import pytest
from django.db.models.functions import Now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs import keys
from jobs.lifecycle import services
from jobs.lifecycle.second_look import create_second_look
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.storage.bucket import photo_storage
from jobs.tests.clock import DAY, HOUR, age
from jobs.tests.factories import make_job, report
from jobs.tests.objects import store_input
from jobs.upkeep import deletion
from jobs.upkeep.deletion import delete_expired_objects
from jobs.upkeep.orphans import find_orphans
from users.models import User
from users.services import grant_credits
from users.tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_bucket")]

OVER = 30 * DAY + 2 * HOUR


def rich() -> User:
    user = make_user(plan="pro")
    grant_credits(user_id=user.id, amount=10_000)
    return user


def uploaded_set(user: User, photos: int) -> JobCoordinator:
    """A done job with its photos in the bucket."""
    job = make_job(JobStatus.DONE, user=user, items=photos)
    for idx in range(photos):
        store_input(job, idx)
    return job


def second_look(source: JobCoordinator, items: list[int] | None = None) -> JobCoordinator:
    """A done job over photos of another."""
    job = create_second_look(user_id=source.user_id, source_job_id=source.id, items=items)
    services.execute_job(user_id=job.user_id, job_id=job.id, concepts={}, protect=[])
    for idx in range(job.total_items):
        report(job, idx)
    job.refresh_from_db()
    return job


def photos(user: User) -> set[str]:
    return set(photo_storage().sizes(keys.inputs_prefix(user.id)))


def test_a_photo_stays_while_a_job_that_uses_it_is_kept_and_goes_with_the_last() -> None:
    user = rich()
    source = uploaded_set(user, 3)
    first, second = second_look(source, [0, 1]), second_look(source, [1])
    key = [keys.input_key(user.id, source.id, idx) for idx in range(3)]

    age(source, OVER)
    assert delete_expired_objects().jobs == 1
    assert photos(user) == {key[0], key[1]}
    assert list(find_orphans()) == []
    age(first, OVER)
    assert delete_expired_objects().jobs == 1
    assert photos(user) == {key[1]}
    age(second, OVER)
    assert delete_expired_objects().jobs == 1
    assert photos(user) == set()


def test_a_second_look_that_is_canceled_takes_no_photo_with_it() -> None:
    user = rich()
    source = uploaded_set(user, 2)
    look = create_second_look(user_id=user.id, source_job_id=source.id)
    services.cancel_job(user_id=user.id, job_id=look.id)
    age(look, DAY)

    assert delete_expired_objects().jobs == 1

    assert len(photos(user)) == 2


def test_two_that_are_deleted_at_the_same_time_leave_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each run is in the middle of one of them when the other looks who else needs the photo."""
    user = rich()
    source = uploaded_set(user, 1)
    look = second_look(source)
    age(source, OVER)
    age(look, OVER)
    both = list(JobCoordinator.objects.filter(user=user))

    deletions = [deletion._delete_objects(job) for job in both]  # neither is noted as deleted yet

    assert photos(user) == set()
    assert sum(deletions) >= 1
    JobCoordinator.objects.filter(user=user).update(storage_deleted_at=Now())
    assert list(find_orphans()) == []


@dataclass
class Story:
    """Random jobs over one another's photos; the model knows which of them still need which."""

    user: User = field(default_factory=rich)
    needed: dict[JobCoordinator, set[str]] = field(default_factory=dict)

    def upload(self, count: int) -> None:
        job = uploaded_set(self.user, count)
        self.needed[job] = set(job.items.values_list("input_key", flat=True))

    def look_again(self, which: int, chosen: list[int]) -> None:
        if not self.needed:
            return
        source = list(self.needed)[which % len(self.needed)]
        items = sorted({number % source.total_items for number in chosen})
        job = second_look(source, items)
        self.needed[job] = set(job.items.values_list("input_key", flat=True))

    def expire(self, which: list[int]) -> None:
        """Several at once, so that one run deletes jobs that share photos."""
        kept = list(self.needed)
        for job in {kept[number % len(kept)] for number in which} if kept else ():
            age(job, OVER)
            del self.needed[job]
        delete_expired_objects()

    def check(self) -> None:
        assert photos(self.user) == set().union(*self.needed.values())
        assert [orphan.key for orphan in find_orphans() if orphan.key.startswith("inputs/")] == []


few = st.lists(st.integers(0, 5), min_size=1, max_size=3)
events = st.one_of(
    st.tuples(st.just("upload"), st.integers(1, 3)),
    st.tuples(st.just("look_again"), st.integers(0, 5), few),
    st.tuples(st.just("expire"), few),
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(events, min_size=4, max_size=10))
def test_no_kept_job_ever_misses_a_photo_and_none_is_left_over(
    story: list[tuple[object, ...]],
) -> None:
    told = Story()
    told.upload(2)
    for name, *arguments in story:
        getattr(told, str(name))(*arguments)
        told.check()
