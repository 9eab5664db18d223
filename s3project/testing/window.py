"""A window of a real browser, held to what a good page is: no error, nothing that the policy
refuses, nothing that axe finds, nothing beyond the screen.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
DJANGO_IN_A_LOOP = "DJANGO_ALLOW_ASYNC_UNSAFE"
AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
# Of whatever is waited for, on a machine with other things to do. How soon something must be there
# a test says for itself.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 860}
# What Chromium says of a request that did not get through, preflights included.
LOST = ("net::ERR_", "blocked by CORS policy")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """CI has one, so that a missing one is a failure there."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None and "CI" not in os.environ:
        pytest.skip("Chromium is not installed")
    # Playwright runs a loop of asyncio in this thread, and Django refuses its database there.
    os.environ[DJANGO_IN_A_LOOP] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            yield browser
            browser.close()
    finally:
        del os.environ[DJANGO_IN_A_LOOP]


class Window:
    """Of a browser that nobody has used before. Whatever the page logs as an error, and whatever
    the policy refuses, fails the test at the end of the block. `wide` says which elements may
    reach beyond the screen, in a frame that scrolls."""

    wide = ".strip, .table, .hidden"

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
        # What a test runs in the page, axe among it, has no address; axe tries styles of its own.
        is_ours = not message.location["url"]
        if message.type == "error" and not is_lost and not is_ours:
            self.faults.append(message.text)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

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
            """(wide) => [...document.querySelectorAll("body *")]
              .filter((each) => !each.closest(wide))
              .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
              .map((each) => each.outerHTML.slice(0, 120))""",
            self.wide,
        )
        width = self.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        return [*found, f"{width} too wide"] if width > 0 else []

    def picture(self, name: str) -> None:
        """For the documents, where `make pictures` asks for them."""
        folder = os.environ.get("PICTURES")
        if folder:
            self.page.screenshot(path=Path(folder) / name, type="jpeg", quality=74)
