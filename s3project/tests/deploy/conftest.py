from typing import Any

import pytest

from s3project.testing.composed import composed, needed_secrets
from s3project.testing.manifests import OVERLAYS, Manifest, rendered


@pytest.fixture(scope="package")
def compose(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """docker-compose.yml with nothing in .env but the secrets that it asks for."""
    return composed(tmp_path_factory.mktemp("compose"), needed_secrets())


@pytest.fixture(scope="package")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    return dict(compose["services"])


@pytest.fixture(scope="package")
def overlays(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Manifest]]:
    """Each overlay of deploy/kubernetes, rendered, with secrets that were made for it."""
    folder = tmp_path_factory.mktemp("kubernetes")
    return {overlay: rendered(folder, overlay) for overlay in OVERLAYS}
