"""What is made from something else is what it would be made to now: `make client`."""

import pytest

from tools.generate import REFERENCE, ROOT, modules, reference
from tools.sync import SOURCE, TARGET


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return {str(path): text for path, text in modules().items()}


def test_every_generated_module_is_current(made: dict[str, str]) -> None:
    stale = [path for path, text in made.items() if (ROOT / path).read_text() != text]

    assert stale == []


def test_the_reference_is_current() -> None:
    assert (ROOT / REFERENCE).read_text() == reference()


def test_both_clients_have_the_same_modules() -> None:
    names = [{path.name for path in (ROOT / folder).glob("*.py")} for folder in (SOURCE, TARGET)]

    assert names[0] == names[1]


def test_nothing_of_asyncio_is_left_in_the_client_without_it(made: dict[str, str]) -> None:
    for path, text in made.items():
        if path.startswith(str(TARGET)):
            assert "async" not in text.replace("Generated from _async", ""), path
            assert "await" not in text, path
