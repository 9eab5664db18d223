"""A second look at what somebody pointed at in a finished photo."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from jobs.demo.sets import PHOTOS
from jobs.tests.studio.visitor import Visitor
from s3project.testing.live import LiveStack
from s3project.testing.window import DESK, PHONE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

MUG = PHOTOS / "product_mug.png"
BODY = "Product body: paint 1"
INSIDE = "Product body: paint 2"
PRINT = "Printed text 1"
FORGET = """() => new Promise((resolve) => {
  const request = indexedDB.open("s3-studio");
  request.onsuccess = () => {
    const shelf = request.result.transaction("before", "readwrite").objectStore("before");
    shelf.clear().onsuccess = resolve;
  };
})"""


def overlaps(boxes: Sequence[Any]) -> list[tuple[Any, Any]]:
    return [
        (one, other)
        for one, other in combinations(boxes, 2)
        if one["x"] < other["x"] + other["width"]
        and other["x"] < one["x"] + one["width"]
        and one["y"] < other["y"] + other["height"]
        and other["y"] < one["y"] + one["height"]
    ]


def test_what_is_pointed_at_in_a_photo_is_changed_in_a_second_look(
    visitor: Visitor, stack: LiveStack
) -> None:
    stack.start_events()
    page = visitor.page
    visitor.open()
    visitor.drop(MUG)
    page.get_by_role("radio", name="Products").check(force=True)
    visitor.paint("Product body", "Navy")
    with page.expect_response("**/events?ticket=*") as stream:
        visitor.button("Edit 1 photo").click()
    assert stream.value.headers["content-type"] == "text/event-stream"
    visitor.wait_until_done()

    # In another browser the photo before comes from the server.
    page.evaluate(FORGET)
    page.reload()
    expect(page.locator(".compare .before")).to_be_visible()

    def choice(name: str) -> Locator:
        return page.get_by_role("checkbox", name=name)

    # The print lies on the mug: the smaller thing is meant. A drag moves the divider only.
    choice(PRINT).focus()
    spot = page.locator(".outline").bounding_box()
    assert spot is not None
    x, y = spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=4)
    page.mouse.up()
    expect(choice(PRINT)).not_to_be_checked()
    page.mouse.click(x, y)
    expect(choice(PRINT)).to_be_checked()
    expect(page.locator(".outline.on")).to_have_text(PRINT)
    page.mouse.click(x, y)
    expect(choice(PRINT)).not_to_be_checked()

    # Of two paints in one place the one is meant that is seen there; and without a pointer.
    whole = page.locator(".compare").bounding_box()
    assert whole is not None
    page.mouse.click(spot["x"] - 0.08 * whole["width"], y + 0.08 * whole["height"])
    expect(choice(BODY)).to_be_checked()
    choice(BODY).press("Space")
    choice(INSIDE).press("Space")
    expect(page.locator(".outline.on")).to_have_text(INSIDE)
    assert visitor.violations() == []

    # The names of what is chosen lie on none of the others, on a phone either.
    everything = [BODY, PRINT]
    for name in everything:
        choice(name).press("Space")
    for size in (PHONE, DESK):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # a TypedDict of its own
        labels = page.locator(".outline > span:visible")
        expect(labels).to_have_count(3)
        assert overlaps([label.bounding_box() for label in labels.all()]) == []
    for name in everything:
        choice(name).press("Space")

    visitor.button("Change this").click()
    expect(page.get_by_role("heading", name="1 photo, once more")).to_be_visible()
    expect(page.get_by_text("Navy · only 2")).to_be_visible()
    expect(choice(INSIDE)).to_be_checked()
    page.locator(".part.open").get_by_role("radio", name="Terracotta", exact=True).check(force=True)
    assert visitor.violations() == []
    visitor.button("Edit 1 photo").click()
    visitor.wait_until_done()
    expect(page.get_by_text("Product body Terracotta · only 2")).to_be_visible()
    expect(page.locator(".compare .before")).to_be_visible()
