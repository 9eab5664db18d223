"""What production does not start with: each a line that names the setting and what to do."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from s3project.environment import MAKE_ONE
from s3project.guessable import MIN_LENGTH, is_monotonous

# What examples, tutorials and generators of projects write where a secret belongs. A random secret
# has none of them but by a chance far below that of guessing it.
FROM_EXAMPLES = (
    *("changeme", "change-me", "change_me", "changethis", "replaceme", "replace-me", "replace_me"),
    *("example", "insecure", "password", "not-a-secret", "dev-secret", "test-secret"),
    *("your-secret", "your_secret", "yoursecret", "letters-and-digits", "set it in"),
)
LOOPBACK_NAMES = frozenset({"localhost"})


def weak_secrets(secrets: Mapping[str, Sequence[str]], *, at_least: int) -> Iterator[str]:
    """A line for every setting with a secret that is short or could be guessed. Nothing of the
    secret is said."""
    for name, values in secrets.items():
        if any(len(value.encode()) < at_least for value in values):
            yield f"{name} must have at least {at_least} bytes in production: {MAKE_ONE}."
        elif any(_could_be_guessed(value) for value in values):
            yield f"{name} is from an example or has a pattern: {MAKE_ONE}."


def shared_secrets(secrets: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A line for every setting with a secret that another one has too: whoever is trusted with one
    purpose, a GPU host with signed messages, would have the other, tokens of every user."""
    owners: dict[str, str] = {}
    for name, values in secrets.items():
        for value in values:
            other = owners.setdefault(value, name)
            if other != name:
                yield f"{name} and {other} must not have the same secret: {MAKE_ONE} for each."


def _could_be_guessed(value: str) -> bool:
    known = value.lower()
    return any(word in known for word in FROM_EXAMPLES) or (
        len(value) >= MIN_LENGTH and is_monotonous(value)
    )


def open_addresses(addresses: Mapping[str, str]) -> Iterator[str]:
    """A line for every public address whose tokens and photos anybody on the way could read."""
    for name, address in addresses.items():
        if not address.startswith("https://") and not is_this_machine(address):
            yield (
                f"{name} must begin with https:// in production: set up TLS "
                "(docs/operations.md), or say ALLOW_PLAIN_HTTP=1 where the network is trusted."
            )


def is_this_machine(address: str) -> bool:
    """Whether a URL leads nowhere beyond the machine."""
    host = host_of(address)
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK_NAMES


def host_of(address: str) -> str:
    """The host of a URL without its port; nothing where it is no URL."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
