"""The shorter fault experiments, on real processes; `make faults` runs all of them."""

from collections.abc import Iterator
from importlib import import_module

import pytest

from bench.faults.world import World
from s3project.embedded.stack import EmbeddedStack
from s3project.testing.broker import purge
from s3project.testing.live import LiveStack
from s3project.testing.plugin import live_stack_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def kept_stack(
    engines: EmbeddedStack, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveStack]:
    """Processes that one experiment leaves to the next."""
    with live_stack_of(engines, tmp_path_factory.mktemp("faults")) as stack:
        yield stack


@pytest.mark.parametrize(
    "name",
    ["callbacks_repeated", "callbacks_late", "cancel_races_last", "killed_before_callback",
     "web_killed", "events_killed", "events_without_broker"],
)  # fmt: skip
def test_nothing_is_lost(name: str, engines: EmbeddedStack, kept_stack: LiveStack) -> None:
    purge("gpu")
    with World(engines, kept_stack, brief=True) as world:
        import_module(f"bench.faults.experiments.{name}").run(world)
        world.check()
