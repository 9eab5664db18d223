"""What the web process tells clients is what the engine goes by."""

from jobs.backends import backend_of
from jobs.gpu.engine.segmenters import cpu


def test_the_cpu_backend_finds_what_clients_are_told() -> None:
    assert backend_of("cpu").concepts == frozenset(cpu.SUPPORTED)
