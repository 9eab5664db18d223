"""Somebody at a browser."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
PATIENCE_MS = 10_000
# A worker may have its first photo of all to edit, on a machine with other things to do.
WORK_MS = 90_000
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 860}
# What Chromium says of a request that did not get through, preflights included.
LOST = ("net::ERR_", "blocked by CORS policy")


class Visitor:
    """A browser that nobody has used before. Whatever the page logs as an error, and whatever the
    policy refuses, fails the test at the end of the block."""

    def __init__(
        self,
        browser: Browser,
        base_url: str,
        *,
        language: str = "en-US",
        dark: bool = False,
        phone: bool = False,
    ) -> None:
        self.faults: list[str] = []
        self.loses_connections = False
        self.base_url = base_url
        self._context = browser.new_context(
            base_url=base_url,
            viewport=PHONE if phone else DESK,  # type: ignore[arg-type]  # a TypedDict of its own
            device_scale_factor=2 if phone else 1,
            is_mobile=phone,
            has_touch=phone,
            locale=language,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        self._context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self._context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._listen)
        self._devtools = self._context.new_cdp_session(self.page)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._context.close()
        if error is None:
            assert not self.faults, self.faults

    def _listen(self, message: ConsoleMessage) -> None:
        is_lost = self.loses_connections and any(each in message.text for each in LOST)
        if message.type == "error" and not is_lost:
            self.faults.append(message.text)

    def open(self, place: str = "") -> None:
        self.page.goto(f"/studio{place}")
        self.page.locator("header.top").wait_for()

    def drop(self, *files: Path) -> None:
        """Files and folders, as the system's own drag and drop hands them over."""
        data: dict[str, Any] = {"items": [], "files": [str(file) for file in files]}
        data["dragOperationsMask"] = 1
        for kind in ("dragEnter", "dragOver", "drop"):
            event = {"type": kind, "x": 400, "y": 400, "data": data}
            self._devtools.send("Input.dispatchDragEvent", event)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    def paint(self, part: str, value: str, *, action: str = "Colour") -> None:
        """Opens a part and chooses what happens to it."""
        row = self.page.locator(".part", has=self.page.get_by_text(part, exact=True))
        row.locator(".part-name").click()
        row.get_by_role("radio", name=action, exact=True).check(force=True)
        row.get_by_role("radio", name=value, exact=True).first.check(force=True)

    def wait_until_done(self) -> None:
        expect(self.page.locator(".status.done")).to_be_visible(timeout=WORK_MS)

    def sends_at(self, rate: int) -> None:
        """Bytes in a second; -1 for as many as there can be."""
        speeds = {"downloadThroughput": -1, "uploadThroughput": rate}
        self._network({"offline": False, "latency": 0, **speeds})

    def slow_phone(self) -> None:
        """A processor a quarter as fast behind 1.6 Mbit/s and 150 ms."""
        self._devtools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        speeds = {"downloadThroughput": 200_000, "uploadThroughput": 94_000}
        self._network({"offline": False, "latency": 150, **speeds})

    def _network(self, conditions: dict[str, Any]) -> None:
        self._devtools.send("Network.enable")
        self._devtools.send("Network.emulateNetworkConditions", conditions)

    def violations(self) -> list[str]:
        """What axe finds, the page as it is now."""
        self.page.evaluate(f"() => {{ {AXE} }}")
        found = self.page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
        return [
            f"{each['id']}: {node['html'][:160]} {json.dumps(node['any'][:1])[:300]}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    def overflow(self) -> Sequence[str]:
        """What reaches beyond the width of the screen."""
        found: list[str] = self.page.evaluate(
            """() => [...document.querySelectorAll("body *")]
              .filter((each) => !each.closest(".strip, .table, .hidden"))
              .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
              .map((each) => each.outerHTML.slice(0, 120))"""
        )
        width = self.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        return [*found, f"{width} too wide"] if width > 0 else []

    def picture(self, name: str) -> None:
        """For the documents, where `make pictures` asks for them."""
        folder = os.environ.get("PICTURES")
        if folder:
            self.page.screenshot(path=Path(folder) / name, type="jpeg", quality=74)
