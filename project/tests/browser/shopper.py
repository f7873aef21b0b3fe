"""A customer with a browser on the storefront, who reads what the page says in their language."""

import json
import re
from functools import cache
from pathlib import Path

from apps.accounts.services import issue_tokens
from project.tests.browser.desk import Desk

TEXTS = Path(__file__).parents[3] / "apps/storefront/frontend/src/i18n"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1280, "height": 900}}


@cache
def texts(language):
    """All texts of the storefront in one language, nested as the pages name them."""
    return {key: text for path in (TEXTS / language).iterdir() for key, text in json.loads(path.read_text()).items()}


class Shopper(Desk):
    """`taps` counts what the person pressed. A refusal of the API is no problem of the page: it is shown.

    `gateway` is the one other place they are sent to.
    """

    def __init__(self, page, base, language):
        super().__init__(page, base, language)
        self.language, self.taps, self.gateway = language, 0, "http://gateway.invalid"
        self.page.set_default_timeout(15_000)

    def _heard(self, message):
        refused = message.text.startswith("Failed to load resource: the server responded with a status of 4")
        if not refused and not self.page.url.startswith(self.gateway):
            super()._heard(message)

    def _asked(self, request):
        if not request.url.startswith(self.gateway):
            super()._asked(request)

    def says(self, key, **values):
        """The text of `key` ("confirm.book"), with {{values}} filled in."""
        text = texts(self.language)
        for part in key.split("."):
            text = text[part]
        return re.sub(r"\{\{(\w+)\}\}", lambda found: str(values[found[1]]), text)

    def tap(self, place):
        """Press a place of the page: the key of the text on a button or link, or a locator."""
        self.taps += 1
        if isinstance(place, str):
            name = self.says(place)
            place = self.page.get_by_role("button", name=name, exact=True).or_(
                self.page.get_by_role("link", name=name, exact=True)
            )
        place.first.click()

    def sees(self, key, **values):
        """Wait until the page says that."""
        self.page.get_by_text(self.says(key, **values)).first.wait_for()

    def pick_time(self, number=-1):
        """Press a free time of the day that is shown: the last, since notice may run out for the first."""
        self.tap(self.page.locator(".hour").nth(number))

    def sign_in_by_code(self, phone, codes):
        """Type the phone, then the code that came; it is sent by itself at its sixth digit."""
        self.page.fill("[name=phone]", phone)
        self.tap("sign_in.send")
        self.page.locator("[autocomplete=one-time-code]").wait_for()
        self.page.locator("[autocomplete=one-time-code]").fill(codes()[-1])
        self.page.locator(".sign-in").wait_for(state="detached")

    def carry_sign_in(self, person):
        """The cookie of an earlier visit."""
        token = issue_tokens(user=person).refresh
        cookie = {"name": "refresh", "value": token, "domain": "localhost", "path": "/api/v1/auth/", "httpOnly": True}
        self.page.context.add_cookies([{**cookie, "sameSite": "Strict"}])
        self.page.add_init_script("localStorage.setItem('storefront.known', '1')")

    def is_wider_than_its_window(self):
        return self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
