"""`GET /` says where to go."""

import pytest

from s3project import __version__
from s3project.testing.api import Api


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_a_program_is_told_where_things_are(accept: str) -> None:
    answer = Api().get("/", Accept=accept)

    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.data == {
        "name": "S3",
        "version": __version__,
        "links": {
            "studio": "/studio",
            "docs": "/docs",
            "openapi": "/openapi.json",
            "health": "/health",
        },
    }
    assert "Accept" in answer.headers["Vary"]
    for link in answer.data["links"].values():
        assert Api().get(link).status == 200


def test_a_browser_is_taken_to_the_page_for_people() -> None:
    answer = Api().get("/", Accept="text/html,application/xhtml+xml,*/*;q=0.8")

    assert (answer.status, answer.headers["Location"]) == (302, "/studio")
    assert "Accept" in answer.headers["Vary"]
