"""`GET /studio`: the page for people. All it does, it does with the public API."""

from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from s3project.docs.served import Served, ServedView

FOLDER = "studio"
STYLES = ("base", "controls", "editor", "paint", "set", "pointing", "lists")
# Loaded when somebody goes there, not before.
LATER = "later"
# A page that was kept would ask for files of a version that is gone.
CACHE_CONTROL = "no-cache"


def storage_origin() -> str:
    """Where browsers send photos to, and fetch results from: `https://photos.example.com`."""
    url = urlsplit(settings.STORAGE_PUBLIC_ENDPOINT)
    return f"{url.scheme}://{url.netloc}"


def content_security_policy() -> str:
    """Files of ours, the API beside them, and photos: those of the storage, and those that the
    page holds in its memory. No text ever becomes markup or a program."""
    storage = storage_origin()
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' blob: {storage}",
            f"connect-src 'self' {storage}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def first_modules() -> list[str]:
    """The modules that the page begins with, all at once instead of one after another."""
    folder = Path(str(finders.find(FOLDER)))
    found = sorted(each for each in folder.rglob("*") if each.suffix in (".js", ".mjs"))
    within = (each.relative_to(folder) for each in found)
    return [f"{FOLDER}/{each.as_posix()}" for each in within if each.parts[0] != LATER]


@cache
def studio_page() -> Served:
    context = {
        "styles": [f"{FOLDER}/style/{name}.css" for name in STYLES],
        "modules": first_modules(),
    }
    html = render_to_string("jobs/studio.html", context)
    headers = {
        "Content-Security-Policy": content_security_policy(),
        "Cache-Control": CACHE_CONTROL,
    }
    return Served(html.encode(), "text/html; charset=utf-8", headers)


class StudioView(ServedView):
    """GET /studio"""

    make = staticmethod(studio_page)
