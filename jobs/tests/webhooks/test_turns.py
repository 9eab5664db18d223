"""Whose delivery is sent next: nobody who hangs is waited for by others."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from jobs.webhooks.turns import (
    PER_ENDPOINT,
    PER_USER,
    SLOTS,
    UNPROVEN_PER_ENDPOINT,
    UNPROVEN_PER_USER,
    Turn,
    next_turns,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def turn(number: int, endpoint: int, user: int, *, proven: bool = True, age: int = 0) -> Turn:
    return Turn(
        delivery_id=UUID(int=number),
        webhook_id=UUID(int=endpoint),
        user_id=UUID(int=user),
        proven=proven,
        due_at=START - timedelta(seconds=age),
    )


TURNS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 3), st.integers(0, 1000)), max_size=120
).map(
    # An endpoint is of one user, and proven or not.
    lambda rows: [
        turn(number, endpoint, endpoint // 4, proven=endpoint % 3 > 0, age=age)
        for number, (endpoint, _, age) in enumerate(rows)
    ]
)


@given(waiting=TURNS, begun=st.integers(0, 30))
def test_limits_hold_and_no_slot_stays_empty_that_somebody_may_have(
    waiting: list[Turn], begun: int
) -> None:
    at_work = next_turns(waiting[:begun], [])
    rest = [each for each in waiting if each not in at_work]
    chosen = next_turns(rest, at_work)

    busy = [*at_work, *chosen]
    assert len(set(busy)) == len(busy) <= SLOTS
    unproven = sum(not each.proven for each in busy)
    assert unproven <= SLOTS // 2
    endpoints = Counter((each.webhook_id, each.proven) for each in busy)
    users = Counter((each.user_id, each.proven) for each in busy)
    for (_, proven), number in endpoints.items():
        assert number <= (PER_ENDPOINT if proven else UNPROVEN_PER_ENDPOINT)
    for (_, proven), number in users.items():
        assert number <= (PER_USER if proven else UNPROVEN_PER_USER)
    for left in rest:
        if left in chosen or len(busy) == SLOTS:
            continue
        proven = left.proven
        assert (
            endpoints[left.webhook_id, proven]
            == (PER_ENDPOINT if proven else UNPROVEN_PER_ENDPOINT)
            or users[left.user_id, proven] == (PER_USER if proven else UNPROVEN_PER_USER)
            or (not proven and unproven == SLOTS // 2)
        )


def test_the_first_of_every_endpoint_comes_before_the_second_of_any() -> None:
    flood = [turn(number, 1, 1, age=1000 + number) for number in range(100)]
    others = [turn(200 + number, 10 + number, 10 + number) for number in range(SLOTS - 1)]
    chosen = next_turns([*flood, *others], [])
    assert Counter(each.webhook_id for each in chosen) == Counter(
        {each.webhook_id: 1 for each in [flood[0], *others]}
    )
    assert chosen[0] == flood[99], "the oldest of it"


def test_however_many_fail_half_is_for_those_that_answer() -> None:
    failing = [turn(number, number, number, proven=False, age=9000) for number in range(10 * SLOTS)]
    at_work = next_turns(failing, [])
    assert len(at_work) == SLOTS // 2
    good = turn(9999, 9999, 9999)
    assert next_turns([*failing[SLOTS:], good], at_work) == [good]
