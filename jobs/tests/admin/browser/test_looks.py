"""How the pages look and read: to axe, at a desk and on a phone, in the light and in the dark; and
what each group sees."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from jobs.models import JobCoordinator
from jobs.states import ItemStatus, JobStatus
from jobs.tests.admin.browser.operator import Operator
from jobs.tests.factories import claim, make_job, report
from s3project.testing.live import LiveStack
from users import services
from users.tests.factories import make_user
from users.tests.operators import page_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

LISTS = (
    "jobs/jobcoordinator", "jobs/joblog", "jobs/rule", "jobs/webhook", "jobs/workerhost",
    "jobs/auditrun", "users/user", "users/billingevent", "users/reservation", "auth/group",
    "acts/act", "admin/logentry",
)  # fmt: skip


def a_job() -> JobCoordinator:
    job = make_job(JobStatus.QUEUED, items=3)
    claim(job, 0, 1)
    report(job, 0)
    report(job, 1, ItemStatus.FAILED)
    report(job, 2)
    services.grant_credits(user_id=job.user_id, amount=5, reason="a gift")
    job.refresh_from_db()
    return job


class Checks:
    """Of all pages, told at the end: what is wrong with one is mostly wrong with others."""

    def __init__(self, operator: Operator) -> None:
        self.operator = operator
        self.found: dict[str, list[str]] = {}

    def page(self, name: str) -> None:
        """Holds the page as it is to axe and to its width."""
        if faults := [*self.operator.violations(), *self.operator.overflow()]:
            self.found[name] = faults


@pytest.mark.parametrize(
    "look", [{}, {"dark": True}, {"phone": True}], ids=["desk", "dark", "phone"]
)
def test_every_page_is_clean(browser: Browser, stack: LiveStack, look: dict[str, Any]) -> None:
    job = a_job()
    with Operator(browser, stack.base_url, **look) as operator:
        checks = Checks(operator)
        operator.page.goto("/admin/")
        checks.page("login")
        operator.give_password()
        checks.page("second factor")
        operator.give_code()
        checks.page("dashboard")
        for place in LISTS:
            operator.open(f"/admin/{place}/")
            checks.page(place)
        operator.open(page_of(job.user))
        checks.page("user")
        operator.button("Grant credits…").click()
        checks.page("grant")
        operator.open(page_of(job))
        checks.page("job")
        operator.button("Delete photos and results…").click()
        checks.page("delete")
        assert checks.found == {}


def test_on_a_phone_the_filters_are_behind_a_button_above_the_list(
    browser: Browser, stack: LiveStack
) -> None:
    make_job(JobStatus.DONE)
    make_job(JobStatus.FAILED)
    with Operator(browser, stack.base_url, phone=True) as operator:
        operator.sign_in("/admin/jobs/jobcoordinator/")
        filters = operator.page.locator("#changelist-filter")
        expect(filters).to_be_hidden()
        button, rows = operator.button("Filters"), operator.page.locator("#result_list tbody tr")
        assert top(button) < top(rows.first)
        button.click()
        expect(button).to_have_attribute("aria-expanded", "true")
        assert top(button) < top(filters) < top(rows.first)
        assert [*operator.violations(), *operator.overflow()] == []

        filters.get_by_role("link", name="Failed", exact=True).click()

        expect(operator.page.get_by_role("button", name="Filters (1)")).to_be_visible()
        expect(rows).to_have_count(1)
        operator.page.set_viewport_size({"width": 1280, "height": 860})
        expect(filters).to_be_visible()
        expect(operator.page.locator(".filters-bar")).to_have_count(0)


def top(element: Locator) -> float:
    box = element.bounding_box()
    assert box is not None
    return box["y"]


SEEN = {
    "viewer": ([], []),
    "support": (
        ["Cancel…", "Send stuck photos again…"],
        ["Sign out everywhere…", "Deactivate…"],
    ),
    "billing": ([], ["Move to plan pro…", "Grant credits…", "Refund credits…"]),
    "admin": (
        ["Cancel…", "Send stuck photos again…"],
        [
            "Move to plan pro…", "Grant credits…", "Refund credits…", "Sign out everywhere…",
            "Deactivate…", "Delete the account…", "Export…",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("group", SEEN)
def test_each_group_sees_only_what_it_may(browser: Browser, stack: LiveStack, group: str) -> None:
    job, user = make_job(JobStatus.QUEUED, items=2), make_user()
    on_job, on_user = SEEN[group]
    with Operator(browser, stack.base_url, group=group) as operator:
        operator.sign_in(page_of(job))
        assert operator.buttons() == on_job
        sees_photos = operator.page.get_by_role("columnheader", name="Before").count() == 1
        assert sees_photos == (group in ("support", "admin"))
        operator.open(page_of(user))
        assert operator.buttons() == on_user
        operator.open("/admin/")
        assert operator.page.locator("#dashboard").is_visible()


def test_axe_and_the_ruler_find_what_is_wrong(operator: Operator) -> None:
    operator.sign_in()
    operator.page.evaluate(
        """() => {
          const wide = document.createElement("div");
          wide.style.width = "5000px";
          wide.append(document.createElement("img"));
          document.querySelector("main").append(wide);
        }"""
    )

    assert "image-alt" in [each.partition(":")[0] for each in operator.violations()]
    assert operator.overflow() != []
