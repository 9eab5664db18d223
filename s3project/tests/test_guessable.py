"""What is no secret: as a device's login, or in production's settings."""

import random
import string

import pytest

from s3project.guessable import is_guessable


@pytest.mark.parametrize(
    "guessable",
    [
        "",
        "a" * 31,
        "a" * 1024,
        "\x01" * 64,
        "ab" * 20,
        "0123456789" * 4,
        "0123456789abcdef" * 4,
        "fedcba9876543210" * 2,
        "aabbccddeeffgghhiijjkkllmmnnoopp",
        string.ascii_letters,
        "undefined" * 4,
        "00000000-0000-0000-0000-000000000000",
        "device-hash" * 3,
        "".join(map(chr, range(0x4E00, 0x4E40))),
    ],
)
def test_what_can_be_guessed_is_none(guessable: str) -> None:
    assert is_guessable(guessable)


@pytest.mark.parametrize(
    "alphabet",
    [
        "0123456789",
        "0123456789abcdef",
        string.ascii_letters + string.digits + "+/",
        "".join(map(chr, range(0xAC00, 0xD7A4))),
    ],
)
def test_random_text_of_any_alphabet_is_one(alphabet: str) -> None:
    source = random.Random(1)

    refused = sum(is_guessable("".join(source.choices(alphabet, k=32))) for _ in range(20_000))

    assert refused == 0


@pytest.mark.parametrize(
    "sent",
    [
        "9f3c1e7a-54d2-4b1f-8c0e-6a54d2f3c1aa",
        "9f3c1e7a54d24b1f8c0e6a54d2f3c1aa" * 2,
        "correct horse battery staple, and then some",
        "test-device-hash-for-the-acceptance-suite",
    ],
)
def test_what_devices_really_send_is_one(sent: str) -> None:
    assert not is_guessable(sent)
