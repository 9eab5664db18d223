"""Actions by the name a client uses."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from jobs.gpu.engine.actions.base import Action
from jobs.gpu.engine.actions.recolor import recolor

CATALOGUE: Final[Mapping[str, Action]] = MappingProxyType({"recolor": recolor})
