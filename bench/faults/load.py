"""Customers who keep the API busy while something is done to it."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from threading import Event

from django.db import connections

from bench.faults.customer import Customer
from bench.faults.keys import public_id_of
from bench.faults.photos import QUICK
from bench.faults.world import World

CUSTOMERS = 4
PHOTOS = 2
LONGEST = 60.0
MOMENT = 0.2


@contextmanager
def busy(world: World, *, sets: int = 0, cancels: float = 0.0) -> Iterator[list[Customer]]:
    """Has sets made by several customers, one after the other each: so many, and more until the
    block ends. `cancels` is the share of sets that are canceled at a random moment.

    Raises what went wrong for any of them.
    """
    customers = [world.customer() for _ in range(CUSTOMERS)]
    over = Event()

    def shop(customer: Customer, random: Random) -> None:
        made = 0
        try:
            while made < sets or not over.is_set():
                _have_made(world, customer, random if random.random() < cancels else None)
                made += 1
        finally:
            connections.close_all()

    with ThreadPoolExecutor(CUSTOMERS) as pool:
        seeds = [world.random.random() for _ in customers]
        shopping = [
            pool.submit(shop, *who) for who in zip(customers, map(Random, seeds), strict=True)
        ]
        try:
            yield customers
        finally:
            over.set()
        for one in shopping:
            one.result()


def _have_made(world: World, customer: Customer, canceling: Random | None) -> None:
    job = customer.start_set([QUICK] * PHOTOS)
    if canceling is not None:
        time.sleep(canceling.uniform(0, MOMENT))
        customer.cancel(job)
    else:
        world.accept(job)
    started = time.monotonic()
    customer.wait(job)
    seconds = time.monotonic() - started
    assert seconds < LONGEST, f"{public_id_of(job)} took {seconds:.0f} s"
