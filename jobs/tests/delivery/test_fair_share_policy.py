"""Which chunks go out, and how urgent each is: the rules alone, without a queue."""

from hypothesis import given
from hypothesis import strategies as st

from jobs.delivery.fair_share import Chunk, LostItem, level_of, next_chunks, send_again
from jobs.limits import USUAL_MS


def test_whole_chunks_are_sent_while_there_is_room_for_them() -> None:
    unsent = [4, 5, 6, 7, 8]
    assert next_chunks(unsent, 0, window=3, size=2) == [
        Chunk(1, (4, 5)),
        Chunk(1, (6, 7)),
        Chunk(1, (8,)),
    ]
    assert next_chunks(unsent, 3, window=3, size=2) == [Chunk(1, (4, 5))]
    assert next_chunks(unsent, 5, window=3, size=2) == []


@given(
    unsent=st.sets(st.integers(0, 199)),
    at_work=st.integers(0, 200),
    window=st.integers(1, 20),
    size=st.integers(1, 8),
)
def test_no_photo_is_sent_twice_and_the_window_is_kept_and_used(
    unsent: set[int], at_work: int, window: int, size: int
) -> None:
    chunks = next_chunks(sorted(unsent), at_work, window=window, size=size)

    idxs = [idx for chunk in chunks for idx in chunk.idxs]
    assert idxs == sorted(unsent)[: len(idxs)]
    assert all(1 <= len(chunk.idxs) <= size for chunk in chunks)
    assert not idxs or at_work + len(idxs) <= window * size
    assert len(idxs) == len(unsent) or at_work + len(idxs) > (window - 1) * size


def test_the_further_a_job_is_the_longer_its_next_chunk_may_wait() -> None:
    levels = [level_of(idx, size=4, weight=1) for idx in range(0, 200, 4)]
    assert levels == [0, 1, 2, *[3] * 3, *[4] * 6, *[5] * 12, *[6] * 24, *[7] * 2]


def test_a_plan_of_weight_two_gets_twice_as_far_before_it_waits() -> None:
    levels = [level_of(idx, size=4, weight=2) for idx in range(0, 48, 4)]
    assert levels == [0, 0, 1, 1, 2, 2, *[3] * 6]


def test_no_level_is_beyond_what_the_broker_knows() -> None:
    assert level_of(199, size=1, weight=1) == 9


def test_what_was_lost_goes_alone_from_the_second_attempt_on() -> None:
    lost = [LostItem(1, 2), LostItem(1, 3), LostItem(2, 1), LostItem(2, 0)]

    assert send_again(lost, size=4) == [Chunk(1, (2, 3)), Chunk(2, (0,)), Chunk(2, (1,))]


def test_time_counts_as_the_photos_that_it_would_have_been_enough_for() -> None:
    def level(overtime_ms: int, weight: int = 1) -> int:
        return level_of(0, size=4, weight=weight, overtime_ms=overtime_ms)

    assert [level(photos * USUAL_MS) for photos in (0, 3, 4, 8, 12, 24)] == [0, 0, 1, 2, 3, 4]
    assert level(8 * USUAL_MS, weight=2) == 1
    assert level(10**9) == 9
