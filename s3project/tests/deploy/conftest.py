from typing import Any

import pytest

from s3project.testing.composed import composed, needed_secrets


@pytest.fixture(scope="package")
def compose(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """docker-compose.yml with nothing in .env but the secrets that it asks for."""
    return composed(tmp_path_factory.mktemp("compose"), needed_secrets())


@pytest.fixture(scope="package")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    return dict(compose["services"])
