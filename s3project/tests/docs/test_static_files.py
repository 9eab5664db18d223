"""Static files under names that change with their content."""

import pytest
from django.templatetags.static import static
from pytest_django import Settings

from s3project.testing.api import Api


def test_the_pages_of_the_admin_load_hashed_files_too() -> None:
    address = static("admin/css/base.css")
    assert address.startswith("/static/admin/css/base.")
    assert Api().get(address).raw == Api().get("/static/admin/css/base.css").raw


def test_a_file_that_is_not_there_is_noticed_where_it_is_named() -> None:
    with pytest.raises(ValueError, match=r"no static file s3project/lost\.css"):
        static("s3project/lost.css")


def test_while_files_are_edited_their_names_stay(settings: Settings) -> None:
    settings.DEBUG = True
    assert static("admin/css/base.css") == "/static/admin/css/base.css"
