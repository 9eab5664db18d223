"""An operator finds a job, watches it move, cancels it, and sees what became of it."""

import pytest
from playwright.sync_api import expect

from jobs.admin.job import LIVE_SECONDS
from jobs.states import JobStatus
from jobs.tests.admin.browser.operator import Operator
from jobs.tests.factories import claim, make_job, report
from users.tests.factories import limiter_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

MOVED_MS = 1000 * (LIVE_SECONDS + 15)


def test_a_job_is_found_watched_and_canceled(operator: Operator) -> None:
    job, other = make_job(JobStatus.QUEUED, items=3), make_job(JobStatus.DONE)
    credits = limiter_of(job.user).credits
    page = operator.page

    operator.sign_in()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboard")
    expect(page.locator("#dashboard")).to_contain_text("1 queued")

    page.get_by_role("link", name="Jobs", exact=True).first.click()
    expect(page.locator("#result_list tbody tr")).to_have_count(2)
    operator.find(job.public_id[:20])
    rows = page.locator("#result_list tbody tr")
    if job.id.hex[:16] != other.id.hex[:16]:
        expect(rows).to_have_count(1)
    rows.first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(job.public_id)

    head = page.locator("#page-head")
    expect(head).to_contain_text("0 of 3")
    claim(job, 0)
    report(job, 0)
    expect(head).to_contain_text("1 of 3", timeout=MOVED_MS)
    expect(head).to_contain_text("running")
    expect(page.locator("#page-panels")).to_contain_text("gpu-1:10")

    operator.button("Cancel…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancel this job?")
    expect(page.locator(".page-table")).to_contain_text("3 credits to the user")
    page.get_by_label("Reason, for the audit log:").fill("asked by mail")
    operator.button("Cancel the job").click()

    operator.says(f"Canceled {job.public_id}: 3 credits refunded.")
    expect(page.locator("#page-panels")).to_contain_text(
        f"job.canceled by {operator.account.email}"
    )
    expect(page.locator("#page-panels")).to_contain_text("asked by mail")
    expect(page.locator(".page-table", has_text="Money")).to_contain_text("+3")
    assert limiter_of(job.user).credits == credits + 3
    assert "Cancel…" not in operator.buttons()

    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Log entries").first.click()
    row = page.locator("#result_list tbody tr").first
    expect(row).to_contain_text(f"Canceled {job.public_id}: 3 credits refunded.")
    page.get_by_role("link", name="Acts (audit log)").first.click()
    operator.find(job.public_id)
    expect(page.locator("#result_list tbody tr").first).to_contain_text("asked by mail")


def test_what_is_paused_stands_still_until_it_goes_on(operator: Operator) -> None:
    job = make_job(JobStatus.QUEUED, items=2)
    operator.sign_in(f"/admin/jobs/jobcoordinator/{job.pk}/change/")
    head = operator.page.locator("#page-head")
    expect(head).to_contain_text("0 of 2")

    operator.button("Pause").click()
    report(job, 0)
    operator.page.wait_for_timeout(1000 * (LIVE_SECONDS + 2))
    expect(head).to_contain_text("0 of 2")

    operator.button("Go on").click()
    expect(head).to_contain_text("1 of 2")
    report(job, 1)
    expect(head).to_contain_text("done", timeout=MOVED_MS)
    # It has ended: nothing is asked for any more.
    expect(operator.page.locator(".live-bar")).to_have_count(0)
    assert operator.buttons()[0] == "Keep for longer…"


def test_nothing_is_done_without_a_reason(operator: Operator) -> None:
    job = make_job(JobStatus.QUEUED, items=1)
    operator.sign_in(f"/admin/jobs/jobcoordinator/{job.pk}/change/")
    operator.button("Cancel…").click()

    operator.page.get_by_label("Reason, for the audit log:").fill("  ")
    operator.button("Cancel the job").click()

    expect(operator.page.get_by_role("alert")).to_have_text("Say why: nothing was done.")
    job.refresh_from_db()
    assert job.status == JobStatus.QUEUED
