"""Lists are narrowed by what their page declares, and by nothing else that an address can name.

Django looks up any field of a list's model: with `?password__startswith=` whoever may see users
reads the hash of a superuser's password, character by character.
"""

from typing import Any

from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest


class DeclaredChangeList(ChangeList):
    """A list whose parameters all belong to a filter of its `list_filter`."""

    def get_filters(self, request: HttpRequest) -> Any:
        """Raises DisallowedModelAdminLookup, which is answered 400, for any other parameter."""
        answer = super().get_filters(request)
        # Each filter has taken its own away; Django would look up the rest as it is.
        undeclared: dict[str, Any] = answer[2]
        if undeclared:
            raise DisallowedModelAdminLookup(f"Filtering by {', '.join(undeclared)} not allowed")
        return answer
