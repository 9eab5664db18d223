"""A small server for each test, and clients of it that do not dawdle."""

from collections.abc import Iterator

import pytest

from s3sets import Retries, S3Client
from tests.small_api import SmallApi

QUICK = Retries(attempts=4, patience=5.0, first_pause=0.01, longest_pause=0.02)
KEY = "s3k_of_a_test"


@pytest.fixture
def api() -> Iterator[SmallApi]:
    with SmallApi() as small:
        yield small


@pytest.fixture
def client(api: SmallApi) -> Iterator[S3Client]:
    with S3Client(api.base_url, api_key=KEY, retries=QUICK, trust_env=False) as one:
        yield one
