"""Actions by the name a client uses."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from jobs.gpu.engine.actions.base import Action
from jobs.gpu.engine.actions.recolor import recolor
from jobs.gpu.engine.actions.remove import remove
from jobs.gpu.engine.actions.texture import texture
from jobs.gpu.engine.actions.tone import tone

CATALOGUE: Final[Mapping[str, Action]] = MappingProxyType(
    {"recolor": recolor, "tone": tone, "texture": texture, "remove": remove}
)
