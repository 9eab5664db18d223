"""Whole sets in the page: from photos on a disk to results on it."""

from pathlib import Path
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
from PIL import Image
from playwright.sync_api import expect

from jobs.demo.sets import PHOTOS
from jobs.tests.studio.cable import Cable
from jobs.tests.studio.visitor import WORK_MS, Visitor
from s3project.testing.live import LiveStack

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

KITCHEN = PHOTOS / "interior_kitchen.jpg"
ROOM = PHOTOS / "interior_living_room.jpg"


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """A photo, another one a folder deeper, a text, and what a system leaves behind."""
    folder = tmp_path / "album"
    (folder / "more").mkdir(parents=True)
    (folder / "kitchen.jpg").write_bytes(KITCHEN.read_bytes())
    (folder / "more" / "room.jpg").write_bytes(ROOM.read_bytes())
    (folder / "notes.txt").write_text("sage for the walls")
    (folder / ".DS_Store").write_bytes(b"\0")
    return folder


def test_a_set_is_dropped_painted_edited_compared_downloaded_and_looked_at_again(
    visitor: Visitor, album: Path, tmp_path: Path
) -> None:
    page = visitor.page
    visitor.open()
    visitor.drop(album)

    expect(page.get_by_text("1 file is no photo and was left out.")).to_be_visible()
    expect(page.get_by_role("heading", name="2 photos")).to_be_visible()
    start = visitor.button("Edit 2 photos")
    expect(start).to_be_disabled()
    visitor.paint("Wall", "Sage")
    visitor.paint("Floor", "Herringbone", action="Surface")
    expect(page.get_by_text("2 credits")).to_be_visible()
    expect(page.get_by_text("8 are left afterwards")).to_be_visible()
    start.click()

    visitor.wait_until_done()
    expect(page.locator(".top .credits")).to_have_text("8 credits")
    expect(page.get_by_text("2 charged, 0 back")).to_be_visible()
    tiles = page.locator(".strip .thumb")
    expect(tiles).to_have_count(2)
    expect(tiles.first).to_have_accessible_name("kitchen.jpg: Done")

    # Before and after, by the keyboard.
    divider = page.get_by_role("slider", name="Divider between before and after")
    expect(page.locator(".compare img")).to_have_count(2)
    divider.focus()
    page.keyboard.press("ArrowRight")
    expect(divider).to_have_attribute("aria-valuetext", "52 % before")
    page.keyboard.press("Home")
    expect(divider).to_have_attribute("aria-valuetext", "0 % before")

    with page.expect_download() as download:
        page.get_by_role("link", name="Full size").click()
    assert download.value.suggested_filename == "kitchen-0.png"
    download.value.save_as(tmp_path / "result.png")
    with Image.open(tmp_path / "result.png") as image:
        assert (image.format, image.size) == ("PNG", (1600, 900))
        image.verify()

    # Another look: two clicks beside what is to be another colour.
    visitor.button("Try another look").click()
    expect(page.get_by_text("nothing is uploaded again")).to_be_visible()
    visitor.paint("Wall", "Navy")
    visitor.button("Edit 2 photos").click()
    visitor.wait_until_done()
    expect(page.get_by_text("Wall Navy")).to_be_visible()
    expect(page.locator(".compare img")).to_have_count(2)
    expect(page.get_by_role("link", name="an earlier set")).to_be_visible()
    expect(page.locator(".top .credits")).to_have_text("6 credits")


def test_a_package_is_made_and_taken_home_where_there_are_no_events(
    visitor: Visitor, stack: LiveStack, tmp_path: Path
) -> None:
    stack.start_packer()
    page = visitor.page
    asked: list[str] = []
    visitor.loses_connections = True
    page.route("**/events?*", lambda route: route.abort())
    page.on("response", lambda answer: asked.append(urlsplit(answer.url).path))
    visitor.open()
    visitor.drop(KITCHEN)
    visitor.paint("Wall", "Sage")
    visitor.button("Edit 1 photo").click()
    visitor.wait_until_done()
    job = page.url.rpartition("/")[2]
    assert asked.count(f"/jobs/{job}") > 1, "nobody asked again"

    visitor.button("Make: Before and after").click()
    zipped = page.get_by_role("button", name="ZIP")
    expect(zipped).to_be_visible(timeout=WORK_MS)
    with page.expect_download() as download:
        zipped.click()
    assert download.value.suggested_filename == f"전후비교-{job}.zip"
    download.value.save_as(tmp_path / "package.zip")
    with ZipFile(tmp_path / "package.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["interior_kitchen.jpg", "board.jpg"]
        for name in archive.namelist():
            with Image.open(archive.open(name)) as picture:
                picture.load()


def test_a_file_that_is_no_photo_fails_alone_and_is_refunded(
    visitor: Visitor, tmp_path: Path
) -> None:
    page = visitor.page
    broken = tmp_path / "broken.jpg"
    broken.write_text("This is no photo.")
    empty = tmp_path / "empty.jpg"
    empty.touch()
    visitor.open()
    visitor.drop(KITCHEN, broken, empty)
    expect(visitor.button("Edit 2 photos")).to_be_visible()
    visitor.paint("Wall", "Terracotta")
    visitor.button("Edit 2 photos").click()

    visitor.wait_until_done()
    told = page.get_by_text("1 of 2 photos could not be edited. Its credit came back.")
    expect(told).to_be_visible()
    expect(page.get_by_text("1 charged, 1 back")).to_be_visible()
    page.get_by_role("button", name="broken.jpg: Failed").click()
    expect(page.get_by_text("This file is no photo that we can read.")).to_be_visible()
    expect(page.locator(".top .credits")).to_have_text("9 credits")

    visitor.button("Try the failed one again").click()
    expect(page.get_by_role("heading", name="1 photo, once more")).to_be_visible()
    expect(visitor.button("Edit 1 photo")).to_be_enabled()
    visitor.button("Other photos instead").click()
    expect(page.get_by_text("Drop photos or a folder here")).to_be_visible()


def test_a_set_that_is_canceled_while_it_is_sent_costs_nothing(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open()
    visitor.drop(KITCHEN)
    visitor.paint("Wall", "Sage")
    start = visitor.button("Edit 1 photo")
    expect(start).to_be_enabled()
    visitor.sends_at(20_000)
    start.click()
    visitor.button("Cancel the set").click()
    visitor.button("Cancel it").click()

    expect(page.get_by_text("Canceled. 1 credit came back.")).to_be_visible()
    expect(page.locator(".status.canceled")).to_be_visible()
    expect(page.locator(".top .credits")).to_have_text("10 credits")


def test_what_a_lost_connection_cut_off_is_sent_again_and_charged_once(
    visitor: Visitor, cable: Cable
) -> None:
    page = visitor.page
    visitor.open()
    visitor.drop(KITCHEN, ROOM)
    visitor.paint("Wall", "Sage")
    start = visitor.button("Edit 2 photos")
    expect(start).to_be_enabled()
    visitor.loses_connections = True
    cable.cut_after(KITCHEN.stat().st_size // 2)
    start.click()

    lost = "The connection is lost. Sending goes on by itself when it is back."
    expect(page.get_by_text(lost)).to_be_visible()
    assert cable.is_cut
    cable.mend()

    visitor.wait_until_done()
    expect(page.locator(".top .credits")).to_have_text("8 credits")
    expect(page.get_by_text("2 charged, 0 back")).to_be_visible()


def test_a_page_that_was_closed_while_it_sent_goes_on_when_it_is_opened_again(
    visitor: Visitor,
) -> None:
    page = visitor.page
    visitor.open()
    visitor.drop(KITCHEN)
    visitor.paint("Wall", "Sage")
    start = visitor.button("Edit 1 photo")
    expect(start).to_be_enabled()
    visitor.sends_at(20_000)
    start.click()
    sending = page.locator(".pending.sending")
    expect(sending).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(sending).to_be_visible()
    visitor.sends_at(-1)

    visitor.wait_until_done()
    expect(page.locator(".top .credits")).to_have_text("9 credits")
    expect(page.locator(".compare img")).to_have_count(2)


def test_a_photo_dropped_in_another_place_begins_a_set(visitor: Visitor) -> None:
    visitor.open("#/ledger")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Ledger")
    visitor.drop(KITCHEN)
    expect(visitor.page.get_by_role("heading", name="1 photo")).to_be_visible()
    expect(visitor.page).to_have_url(f"{visitor.base_url}/studio#/")


def test_an_account_goes_to_another_browser_with_its_key(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open()
    visitor.drop(KITCHEN)
    expect(page.locator(".top .credits")).to_have_text("10 credits")
    page.goto("/studio#/account")
    visitor.button("Show the key").click()
    key = page.locator(".secret code").inner_text()
    user = page.locator(".facts code").inner_text()
    assert len(key) == 43
    expect(page.locator(".facts")).to_contain_text("Not counted yet")

    browser = page.context.browser
    assert browser is not None
    with Visitor(browser, visitor.base_url) as other:
        other.open("#/account")
        expect(other.page.get_by_text("You are not signed in yet.")).to_be_visible()
        field = other.page.get_by_label("Key from another browser")
        field.fill("x" + key[1:] if key[0] != "x" else "y" + key[1:])
        other.button("Sign in with it").click()
        expect(other.page.get_by_text("No account has this key.")).to_be_visible()
        field.fill(key)
        other.button("Sign in with it").click()
        expect(other.page.get_by_text("You are signed in.")).to_be_visible()
        expect(other.page.locator(".facts code")).to_have_text(user)
