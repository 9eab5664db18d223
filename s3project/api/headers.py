"""Headers of ours, laid into a response as they are.

Django looks whether each name and value can be written, on the way in, and searches for each name
once more on the way out: ten headers an answer took a twentieth of a request's CPU. Of names and
values that are made here, and of no client's words, both are known.
"""

from collections.abc import Iterable

from django.http import HttpResponse

# A name and its value, by the name in small letters: what Django's own headers keep.
Laid = dict[str, tuple[str, str]]


def laid_of(response: HttpResponse) -> Laid:
    """The response's own, to be read and added to."""
    kept: Laid = vars(response.headers)["_store"]
    return kept


def to_lay(headers: Iterable[tuple[str, str]]) -> Laid:
    return {name.lower(): (name, value) for name, value in headers}
