"""What a stranger has to show before a new user is made (the setting SIGNUP_PROOF).

| setting | what is shown |
|---|---|
| `none` | nothing |
| `invite` | `{"invite": "s3i_…"}` in `POST /auth/anon`, a code of `manage.py invite` |
| `package.module.function` | `{"proof": "…"}`, which that function of the operator's takes |

The function is called as `check(proof, address)` with two texts, outside any transaction, and
admits where it returns True, exactly. What it raises is no admission either.
"""

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

NONE = "none"
INVITE = "invite"

Check = Callable[[str, str], bool]


def operators_check() -> Check | None:
    """The operator's function; None where the setting names none. Raises ImproperlyConfigured."""
    path = settings.SIGNUP_PROOF
    if path in (NONE, INVITE):
        return None
    try:
        found = import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(f"SIGNUP_PROOF: {error}") from error
    if not callable(found):
        raise ImproperlyConfigured(f"SIGNUP_PROOF: {path} is no function.")
    return cast(Check, found)
