"""The lock files hold what the requirements ask for. When one of these fails: `make lock`."""

from importlib.metadata import version

import pytest
from packaging.utils import canonicalize_name

from supply.lock import (
    BUILD,
    DEVELOPMENT,
    GPU,
    OBSERVABILITY,
    PROJECT,
    RUNTIME,
    locked,
    needed,
    required,
)

ALL = (RUNTIME, BUILD, DEVELOPMENT, GPU, OBSERVABILITY)


@pytest.mark.parametrize("which", ALL)
def test_what_is_required_is_locked_at_its_version(which: str) -> None:
    lock = locked(which)
    for each in required(which):
        found = lock[canonicalize_name(each.name)]
        assert each.specifier.contains(found.version), each
        if which != BUILD or each.name != "cffi":  # which the runtime's lock pins
            assert str(each.specifier) == f"=={found.version}", f"{each} is no pin"


@pytest.mark.parametrize("which", ALL)
def test_every_locked_package_has_hashes_for_wheel_and_source(which: str) -> None:
    assert [each.name for each in locked(which).values() if not each.hashes] == []


@pytest.mark.parametrize("which", [RUNTIME, DEVELOPMENT, OBSERVABILITY])
def test_the_lock_is_all_that_the_requirements_lead_to_and_no_more(which: str) -> None:
    here = {name for name, each in locked(which).items() if each.is_for_here}
    assert here == needed(which)


def test_the_tests_run_with_the_locked_versions() -> None:
    """Of the runtime's packages: a test of another version would prove nothing of the image."""
    lock = locked(RUNTIME)
    installed = {name: version(name) for name, each in lock.items() if each.is_for_here}
    assert installed == {name: lock[name].version for name in installed}


@pytest.mark.parametrize("which", [RUNTIME, BUILD, GPU, OBSERVABILITY])
def test_development_and_production_have_the_same_packages(which: str) -> None:
    development = locked(DEVELOPMENT)
    for name, each in locked(which).items():
        if name in development:
            # Where each is wanted may differ.
            other = development[name]
            assert (other.version, other.hashes) == (each.version, each.hashes)


def test_the_image_and_the_gate_take_nothing_without_its_hash() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    [needed] = [line for line in makefile.splitlines() if line.startswith("test:")]
    assert "test-client" not in needed
    for name in ("Dockerfile", "Makefile"):
        text = (PROJECT / name).read_text(encoding="utf-8").replace("\\\n", " ")
        text = text.replace("$(INSTALL)", "pip install --require-hashes")
        for line in text.splitlines():
            for command in line.split("&&"):
                if "pip install" in command or "pip wheel" in command:
                    # The last: another Python than the gate's, for tests by hand alone.
                    safe = ("--require-hashes", "--no-index", "uv==", "INSTALL :=", ".venv-client/")
                    assert any(word in command for word in safe), command
