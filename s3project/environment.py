"""Typed reading of environment variables, with the running one-machine stack as the fallback.

A setting comes from, in this order: the environment, the stack that runs in this checkout, the
default in `settings.py`. Secrets have no default in production.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off", ""})


@dataclass(frozen=True)
class Environment:
    """The environment of this process over the addresses of a running stack."""

    fallback: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def find(self, name: str) -> str | None:
        """The value of `name`, or None; an empty variable counts as unset."""
        return self.variables.get(name) or self.fallback.get(name) or None

    def text(self, name: str, default: str = "") -> str:
        return self.find(name) or default

    def integer(self, name: str, default: int) -> int:
        """Raises ImproperlyConfigured when the value is not a whole number."""
        value = self.find(name)
        if value is None:
            return default
        try:
            return int(value)
        except ValueError:
            raise ImproperlyConfigured(f"{name} must be a whole number.") from None

    def flag(self, name: str, default: bool) -> bool:
        """Raises ImproperlyConfigured when the value is neither a yes nor a no."""
        value = self.find(name)
        if value is None:
            return default
        if value.lower() in TRUE:
            return True
        if value.lower() in FALSE:
            return False
        raise ImproperlyConfigured(f"{name} must be one of 1, 0, true, false, yes, no, on, off.")

    def words(self, name: str, default: list[str]) -> list[str]:
        """A comma-separated list; blanks around and between the commas are dropped."""
        value = self.find(name)
        if value is None:
            return default
        return [word.strip() for word in value.split(",") if word.strip()]

    def secret(self, name: str, *, required: bool) -> str:
        """A secret; raises ImproperlyConfigured when it is required and unset."""
        value = self.find(name)
        if value is None and required:
            raise ImproperlyConfigured(f"{name} must be set in production.")
        return value or ""
