"""Headers of ours, laid into a response as they are.

Django looks whether each name and value can be written, on the way in, and searches for each name
once more on the way out: for ten headers an answer, a thirtieth of a request's CPU. Of names and
values that are made here, and of no client's words, both are known.
"""

from django.http import HttpResponse

# Names and values, by the names in small letters: what Django's own headers keep.
Laid = dict[str, tuple[str, str]]


def laid_in(response: HttpResponse) -> Laid:
    """The response's own, to be read; `lay` adds to them."""
    kept: Laid = vars(response.headers)["_store"]
    return kept


def lay(response: HttpResponse, name: str, value: str) -> None:
    """In place of one of that name."""
    laid_in(response)[name.lower()] = name, value
