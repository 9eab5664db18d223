"""How the page looks and reads: to axe, on a phone, in the dark, in Korean, without a mouse."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from jobs.demo.sets import PHOTOS
from jobs.tests.studio.visitor import Visitor
from s3project.testing.live import LiveStack

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

KITCHEN = PHOTOS / "interior_kitchen.jpg"
ROOM = PHOTOS / "interior_living_room.jpg"
WAITING_ROOM = PHOTOS / "interior_waiting_room.jpg"
PLACES = ("sets", "rules", "ledger", "keys", "webhooks", "account")
SLOW_SECONDS = 12

Check = Callable[[str], None]


def checked(visitor: Visitor) -> Check:
    """Holds the page as it is to axe and to its width."""

    def check(where: str) -> None:
        assert visitor.violations() == [], where
        assert visitor.overflow() == [], where

    return check


def test_axe_and_the_ruler_find_what_is_wrong(visitor: Visitor) -> None:
    visitor.open()
    visitor.page.evaluate(
        """() => {
          const wide = document.createElement("div");
          wide.style.width = "5000px";
          wide.style.height = "10px";
          wide.append(document.createElement("img"));
          document.querySelector("main").append(wide);
        }"""
    )
    assert [each.partition(":")[0] for each in visitor.violations()] == ["image-alt"]
    assert visitor.overflow()[-1] == "3720 too wide"


def test_every_place_is_clean_at_a_desk(visitor: Visitor) -> None:
    page, check = visitor.page, checked(visitor)
    visitor.open()
    expect(page.get_by_role("heading", level=1)).to_have_text("One decision, the whole album.")
    check("landing")
    visitor.picture("studio-start.jpg")
    visitor.drop(ROOM, KITCHEN, WAITING_ROOM)
    visitor.paint("Wall", "Sage")
    expect(visitor.button("Edit 3 photos")).to_be_enabled()
    page.locator(".strip .thumb").nth(1).click()
    check("editor")
    page.locator(".part.open .part-row").scroll_into_view_if_needed()
    visitor.picture("studio-paint.jpg")
    visitor.button("Edit 3 photos").click()
    check("sending")
    visitor.wait_until_done()
    page.locator(".strip .thumb").nth(1).click()
    expect(page.locator(".compare .before")).to_be_visible()
    check("set")
    page.wait_for_load_state("networkidle")
    visitor.picture("studio.jpg")
    visitor.button("Save as a rule").click()
    page.get_by_label("Name").fill("Sage walls")
    check("dialog")
    visitor.button("Save").last.click()
    expect(page.get_by_text("“Sage walls” is saved.")).to_be_visible()

    for place in PLACES:
        visitor.go_to(place)
        if place == "rules":
            expect(page.get_by_text("1 of 2 used")).to_be_visible()
        if place == "keys":
            page.get_by_label("Name of the key").fill("shop server")
            visitor.button("Make a key").click()
            expect(page.get_by_text("It is shown once: copy it now.")).to_be_visible()
            key = page.locator(".secret code").first.inner_text()
            example = f'curl -H "Authorization: Bearer {key}" {visitor.base_url}/me'
            expect(page.get_by_text(example)).to_be_visible()
        if place == "webhooks":
            page.get_by_label("Address").fill("http://127.0.0.1:9/hook")
            visitor.button("Add").click()
            visitor.button("Deliveries").click()
            expect(page.get_by_text("Nothing sent yet.")).to_be_visible()
        check(place)
    page.goto("/studio#/nowhere")
    expect(page.get_by_text("There is no such page")).to_be_visible()


def test_a_place_on_its_way_is_clean_and_so_is_one_that_never_comes(visitor: Visitor) -> None:
    page, check = visitor.page, checked(visitor)
    visitor.loses_connections = True
    held: list[Route] = []
    page.route("**/later/ledger.js", lambda route: held.append(route))
    visitor.open("#/ledger")
    expect(page.get_by_text("Loading …")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ledger")
    check("loading")
    held.pop().abort()
    expect(page.get_by_role("alert")).to_have_text("No connection to the server.")
    check("lost")


def test_a_phone_in_the_dark_reads_korean(browser: Browser, stack: LiveStack) -> None:
    with Visitor(browser, stack.base_url, language="ko-KR", dark=True, phone=True) as visitor:
        page, check = visitor.page, checked(visitor)
        visitor.open()
        expect(page.locator("html")).to_have_attribute("lang", "ko")
        expect(page.get_by_text("사진이나 폴더를 여기에 놓으세요")).to_be_visible()
        check("landing")
        page.locator("input[type=file]").first.set_input_files([ROOM, KITCHEN])
        visitor.paint("벽", "세이지", action="색")
        start = visitor.button("사진 2장 편집")
        expect(start).to_be_enabled()
        check("editor")
        start.click()
        visitor.wait_until_done()
        expect(page.locator(".compare .before")).to_be_visible()
        check("set")
        page.wait_for_load_state("networkidle")
        visitor.picture("studio-phone.jpg")
        for place in PLACES:
            visitor.go_to(place)
            check(place)

        visitor.button("메뉴").click()
        check("menu")
        visitor.button("English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.reload()
        expect(page.get_by_role("heading", name="Account")).to_be_visible()


def test_a_message_follows_the_language_while_it_is_shown(visitor: Visitor) -> None:
    visitor.open()
    visitor.drop(Path(__file__))
    message = visitor.page.locator(".toast p")
    expect(message).to_have_text("1 file is no photo and was left out.")
    visitor.button("한국어").click()
    expect(message).to_have_text("사진이 아닌 파일 1개는 제외했습니다.")


def test_a_slow_phone_shows_the_page_and_takes_a_photo_soon(
    browser: Browser, stack: LiveStack
) -> None:
    """1.6 Mbit/s, 150 ms, a quarter of the processor; nothing is kept from before."""
    with Visitor(browser, stack.base_url, phone=True) as visitor:
        visitor.slow_phone()
        begun = time.monotonic()
        visitor.open()
        expect(visitor.page.get_by_role("button", name="Choose photos")).to_be_enabled()
        assert time.monotonic() - begun < SLOW_SECONDS


def test_a_set_can_be_begun_without_a_mouse(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open()
    page.locator("input[type=file]").first.set_input_files([KITCHEN])
    expect(page.get_by_role("heading", name="1 photo")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()

    wall = page.locator(".part-name").first
    for _ in range(20):
        page.keyboard.press("Tab")
        if wall.evaluate("(each) => each === document.activeElement"):
            break
    expect(wall).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Protect: Wall")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Colour", exact=True)).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".part.open .chosen")).not_to_be_empty()
    expect(visitor.button("Edit 1 photo")).to_be_enabled()
