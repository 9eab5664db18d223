"""Typed reading of environment variables, with the running one-machine stack as the fallback.

A setting comes from, in this order: the environment, the stack that runs in this checkout (not in
production), the default in `settings.py`. Secrets have no default in production.
"""

import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network

from django.core.exceptions import ImproperlyConfigured

from s3project.api.rates import Rate

TRUE = frozenset({"1", "true", "yes", "on"})
MAKE_ONE = "make one with `openssl rand -hex 32`"
FALSE = frozenset({"0", "false", "no", "off", ""})


@dataclass(frozen=True)
class Environment:
    """The environment of this process over the addresses of a running stack."""

    fallback: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ)
    # Where what is wrong is collected, to be said all at once; None raises at the first.
    problems: list[str] | None = None

    def refuse(self, problem: str) -> None:
        """Raises ImproperlyConfigured, or keeps the problem for later."""
        if self.problems is None:
            raise ImproperlyConfigured(problem)
        if problem not in self.problems:
            self.problems.append(problem)

    def find(self, name: str) -> str | None:
        """The value of `name`, or None; an empty variable counts as unset."""
        return self.variables.get(name) or self.fallback.get(name) or None

    def text(self, name: str, default: str = "") -> str:
        return self.find(name) or default

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """One of `choices`, by default the first. Raises ImproperlyConfigured on another word."""
        value = self.text(name, choices[0])
        if value not in choices:
            self.refuse(f"{name} must be one of {', '.join(choices)}.")
            return choices[0]
        return value

    def integer(self, name: str, default: int, *, at_least: int | None = None) -> int:
        """Raises ImproperlyConfigured when the value is not a whole number, or too small."""
        value = self.find(name)
        if value is None:
            return default
        try:
            number = int(value)
        except ValueError:
            self.refuse(f"{name} must be a whole number.")
            return default
        if at_least is not None and number < at_least:
            self.refuse(f"{name} must be at least {at_least}.")
            return default
        return number

    def period(self, name: str, default: int, *, unit: timedelta) -> timedelta | None:
        """So many units; None for 0, which stands for never.

        Raises ImproperlyConfigured when the value is not a whole number, or negative.
        """
        number = self.integer(name, default)
        if number < 0:
            self.refuse(f"{name} must not be negative; 0 means never.")
            number = default
        return number * unit or None

    def flag(self, name: str, default: bool) -> bool:
        """Raises ImproperlyConfigured when the value is neither a yes nor a no."""
        value = self.find(name)
        if value is None:
            return default
        if value.lower() in TRUE:
            return True
        if value.lower() in FALSE:
            return False
        self.refuse(f"{name} must be one of 1, 0, true, false, yes, no, on, off.")
        return default

    def rate(self, name: str, default: str) -> Rate | None:
        """A rate such as `600/hour`; None for `off` and `0`. Raises ImproperlyConfigured."""
        try:
            return Rate.parse(self.text(name, default))
        except ValueError as error:
            self.refuse(f"{name}: {error}.")
            return Rate.parse(default)

    def words(self, name: str, default: list[str]) -> list[str]:
        """A comma-separated list; blanks around and between the commas are dropped."""
        value = self.find(name)
        if value is None:
            return default
        return [word.strip() for word in value.split(",") if word.strip()]

    def networks(self, name: str) -> list[IPv4Network | IPv6Network]:
        """A comma-separated list of networks. Raises ImproperlyConfigured."""
        try:
            return [ip_network(word) for word in self.words(name, [])]
        except ValueError:
            self.refuse(f"{name} must be networks like 10.1.0.0/16 or fd00::/8.")
            return []

    def secret(self, name: str, *, required: bool) -> str:
        """A secret; raises ImproperlyConfigured when it is required and unset."""
        value = self.find(name)
        if value is None and required:
            self.refuse(f"{name} must be set in production: {MAKE_ONE}.")
        return value or ""

    def secrets(self, name: str, *, required: bool, at_least: int = 1) -> list[str]:
        """A comma-separated list of secrets; raises ImproperlyConfigured when it is required and
        names none, or one of fewer bytes than `at_least`."""
        values = self.words(name, [])
        if not required:
            return values
        if not values:
            self.refuse(f"{name} must be set in production: {MAKE_ONE}.")
        elif min(len(value.encode()) for value in values) < at_least:
            self.refuse(f"{name} must have at least {at_least} bytes in production: {MAKE_ONE}.")
        return values


def derived_key(secret: str, purpose: str) -> str:
    """A key for one purpose made of a secret, so that neither tells the other: HMAC as a key
    derivation function, as in RFC 5869 §2.3 with one block.
    """
    return hmac.digest(secret.encode(), purpose.encode() + b"\x01", "sha256").hex()
