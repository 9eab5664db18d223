"""An operator at a browser."""

import time
from typing import Any

from django.db import transaction
from django_otp.oath import TOTP
from django_otp.util import random_hex
from playwright.sync_api import Browser, expect

from s3project.admin import totp
from s3project.testing.window import Window
from users.tests.operators import PASSWORD, group_of_operators, make_operator


class Operator(Window):
    """The account has a second factor; with `group` it may what the group may, else everything."""

    wide = ".page-table-scroll, .results, .hidden, .visually-hidden"

    def __init__(self, browser: Browser, base_url: str, *, group: str = "", **look: Any) -> None:
        super().__init__(browser, base_url, **look)
        self.account = make_operator(superuser=not group)
        if group:
            self.account.groups.add(group_of_operators(group))
        self._key = random_hex()
        with transaction.atomic():
            totp.enrol(self.account, self._key)

    def give_password(self, to: str = "/admin/") -> None:
        self.page.goto(to)
        self.page.get_by_label("Email").fill(str(self.account.email))
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.get_by_label("Code:").wait_for()

    def give_code(self) -> None:
        generator = TOTP(bytes.fromhex(self._key))
        generator.time = time.time()
        self.page.get_by_label("Code:").fill(f"{generator.token():06d}")
        self.page.get_by_role("button", name="Go on").click()
        self.page.get_by_role("heading", level=1).wait_for()

    def sign_in(self, to: str = "/admin/") -> None:
        self.give_password(to)
        self.give_code()

    def open(self, place: str) -> None:
        self.page.goto(place)
        self.page.get_by_role("heading", level=1).wait_for()

    def buttons(self) -> list[str]:
        """What may be done with what the page shows."""
        return self.page.locator(".object-tools button").all_inner_texts()

    def find(self, text: str) -> None:
        self.page.locator("#searchbar").fill(text)
        self.button("Search").click()

    def says(self, text: str) -> None:
        expect(self.page.locator(".messagelist")).to_contain_text(text)
