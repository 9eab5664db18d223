"""How often somebody may try to be an operator, decided before anything is hashed (adr/0011)."""

from django.http import HttpRequest

from s3project.admin.known_browser import account_digest, known_browser
from s3project.api.client_address import client_network
from s3project.api.firm_limits import take
from s3project.api.rate_limiter import Verdict
from s3project.api.rates import Rate

OF_KNOWN_BROWSER = Rate(20, 3600)
OF_ADDRESS = Rate(20, 3600)
# Three addresses use it up, and a known browser is none of them.
OF_ACCOUNT = Rate(60, 3600)
# A hash costs a third of a second of CPU: strangers together get a tenth of a core for it.
OF_STRANGERS = Rate(60, 360)
# With the password known: three codes of a million are good at a time.
CODES_OF_KNOWN_BROWSER = Rate(20, 3600)
CODES_OF_ACCOUNT = Rate(20, 86_400)


def try_password(request: HttpRequest, email: str) -> Verdict:
    """Counts one try; not `allowed` once there were too many."""
    browser = known_browser(request, email)
    if browser is not None:
        return take(f"admin:browser:{browser}", OF_KNOWN_BROWSER)
    for key, rate in (
        (f"admin:address:{client_network(request)}", OF_ADDRESS),
        (f"admin:account:{account_digest(email)}", OF_ACCOUNT),
        ("admin:strangers", OF_STRANGERS),
    ):
        verdict = take(key, rate)
        if not verdict.allowed:
            break
    return verdict


def try_code(request: HttpRequest, email: str) -> Verdict:
    """Counts one code of somebody who has given the password."""
    browser = known_browser(request, email)
    if browser is not None:
        return take(f"admin:codes:browser:{browser}", CODES_OF_KNOWN_BROWSER)
    return take(f"admin:codes:account:{account_digest(email)}", CODES_OF_ACCOUNT)
