"""Somebody at a browser."""

from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from s3project.testing.window import Window

# A worker may have its first photo of all to edit, on a machine with other things to do.
WORK_MS = 90_000


class Visitor(Window):
    """Of the studio."""

    def open(self, place: str = "") -> None:
        self.page.goto(f"/studio{place}")
        self.page.locator("header.top").wait_for()

    def go_to(self, place: str) -> None:
        """Until it is there: the place before may be seen for a moment still."""
        self.page.goto(f"/studio#/{place}")
        expect(self.page.locator(f".page-{place} .sheet-head h1")).to_be_visible()

    def drop(self, *files: Path) -> None:
        """Files and folders, as the system's own drag and drop hands them over."""
        data: dict[str, Any] = {"items": [], "files": [str(file) for file in files]}
        data["dragOperationsMask"] = 1
        for kind in ("dragEnter", "dragOver", "drop"):
            event = {"type": kind, "x": 400, "y": 400, "data": data}
            self._devtools.send("Input.dispatchDragEvent", event)

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
