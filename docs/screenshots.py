"""Takes the pictures of the back office and the storefront: those of the README, or a review of all pages.

    uv run manage.py demo
    uv run --group e2e docs/screenshots.py --base http://127.0.0.1:8000 --out docs/images
    uv run --group e2e docs/screenshots.py --base http://127.0.0.1:8000 --out /tmp/review --all
    uv run --group e2e docs/screenshots.py --base http://127.0.0.1:8000 --out /tmp/review --all --only booking --dark

A review is every page of PAGES in both languages, on a desktop and on a phone. Reports every page that answers with an
error, raises one in the browser or on its console, asks another server, or is wider than its window, and then ends with
status 1. Needs Chromium (Debian: chromium, fonts-noto-core).
"""

import argparse
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

DEMO_PASSWORD = "demo-salon-2026"  # noqa: S105 - printed by the demo, refused everywhere else
# Who of the demo looks, by the last digit of their phone.
NOBODY, OWNER, MANAGER, RECEPTIONIST, SUPPORT, AUDITOR, STYLIST = range(7)
LANGUAGES = ("en", "ar")
SIZES = {"desktop": {"width": 1400, "height": 900}, "phone": {"width": 390, "height": 844}}
PRICE_LIST = Path(__file__).resolve().parent.parent / "fixtures/riyadh_price_list.csv"
MISSING = 404


def first_dialog(page: Page) -> None:
    # On a phone the buttons stand in a menu, which is not what the picture is of.
    page.locator("a[hx-get]").first.evaluate("link => link.click()")
    page.locator("form:has([name=_form_submitted])").wait_for(timeout=10_000)


def preview(page: Page) -> None:
    page.set_input_files("[name=import_file]", PRICE_LIST)
    page.locator("form:has([name=import_file]) [type=submit]").click()
    page.wait_for_load_state("networkidle")


def whole_week(page: Page) -> None:
    page.locator("[data-view=week]").click()
    page.locator(".ec-time-grid.ec-week-view").wait_for(timeout=10_000)


def first_visit(page: Page) -> None:
    page.locator("[data-visit]").first.focus()
    page.keyboard.press("Enter")
    page.locator("#calendar-panel h2").wait_for(timeout=10_000)


def first_salon(page: Page) -> None:
    page.locator("main a[href^='/salons/']").first.click()
    page.locator("main li a[href^='/salons/']").first.wait_for(timeout=10_000)


def first_times(page: Page) -> None:
    first_salon(page)
    page.locator("main li a[href^='/salons/']").first.click()
    page.locator(".hour").first.wait_for(timeout=10_000)


def first_terms(page: Page) -> None:
    first_times(page)
    page.locator(".hour").first.click()
    page.locator("[name=phone]").wait_for(timeout=10_000)


def search(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("نور")
    page.locator("#find-results a, #find-results [role=option]").first.wait_for(timeout=10_000)


@dataclass(frozen=True)
class Shot:
    """A page to take: by whom, where, and what to do there first. `row` goes on to the first row of the list there,
    `then` to an address below that row.
    """

    name: str
    who: int
    path: str
    row: bool = False
    then: str = ""
    do: Callable[[Page], None] | None = None
    expected: int = 200


# Paths without a slash before them are of the admin.
PAGES = [
    Shot("login", NOBODY, "login/"),
    Shot("storefront-salons", NOBODY, "/"),
    Shot("storefront-salon", NOBODY, "/", do=first_salon),
    Shot("storefront-times", NOBODY, "/", do=first_times),
    Shot("storefront-confirm", NOBODY, "/", do=first_terms),
    Shot("dashboard-manager", MANAGER, ""),
    Shot("import", MANAGER, "salons/service/import/"),
    Shot("import-preview", MANAGER, "salons/service/import/", do=preview),
    Shot("import-runs", MANAGER, "salons/importrun/"),
    Shot("prices", MANAGER, "salons/service/prices/"),
    Shot("who-does-what", MANAGER, "salons/staffservice/grid/"),
    Shot("week-of-hours", MANAGER, "salons/weeklyhours/week/"),
    Shot("pictures", MANAGER, "salons/staff/", row=True, then="../pictures/"),
    Shot("all-changes", MANAGER, "changes/"),
    Shot("search", MANAGER, "bookings/booking/", do=search),
    Shot("day", MANAGER, "payments/tillcount/daily/"),
    Shot("dashboard-receptionist", RECEPTIONIST, ""),
    Shot("calendar", RECEPTIONIST, "bookings/booking/calendar/"),
    Shot("calendar-week", RECEPTIONIST, "bookings/booking/calendar/", do=whole_week),
    Shot("calendar-visit", RECEPTIONIST, "bookings/booking/calendar/", do=first_visit),
    Shot("booking-new", RECEPTIONIST, "bookings/booking/add/"),
    Shot("dashboard-support", SUPPORT, ""),
    Shot("dashboard-auditor", AUDITOR, ""),
    Shot("dashboard-stylist", STYLIST, ""),
    Shot("dashboard", OWNER, ""),
    Shot("bookings", OWNER, "bookings/booking/"),
    Shot("booking", OWNER, "bookings/booking/", row=True),
    Shot("booking-dialog", OWNER, "bookings/booking/?status__exact=confirmed", row=True, do=first_dialog),
    Shot("booking-history", OWNER, "bookings/booking/", row=True, then="../history/"),
    Shot("services", OWNER, "salons/service/"),
    Shot("service", OWNER, "salons/service/", row=True),
    Shot("export", OWNER, "salons/service/export/"),
    Shot("staff", OWNER, "salons/staff/"),
    Shot("staff-member", OWNER, "salons/staff/", row=True),
    Shot("hours", OWNER, "salons/weeklyhours/"),
    Shot("customers", OWNER, "salons/customer/"),
    Shot("customer", OWNER, "salons/customer/", row=True),
    Shot("payments", OWNER, "payments/payment/"),
    Shot("payment", OWNER, "payments/payment/", row=True),
    Shot("refunds", OWNER, "payments/refund/"),
    Shot("findings", OWNER, "payments/reconciliationfinding/"),
    Shot("messages", OWNER, "notifications/notification/"),
    Shot("message-text", OWNER, "notifications/template/", row=True),
    Shot("message-days", OWNER, "notifications/notification/days/"),
    Shot("salon", OWNER, "salons/salon/", row=True),
    Shot("people", OWNER, "accounts/user/"),
    Shot("account", OWNER, "account/"),
    Shot("nothing-found", OWNER, "salons/customer/?q=zzzz"),
    Shot("not-found", OWNER, "nowhere/", expected=MISSING),
]


class Camera:
    """One browser window that remembers what went wrong on the pages it visited."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.context = context
        self.base = base
        self.page: Page = context.new_page()
        self.expected = 200
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.report(f"script error: {error}"))
        self.page.on("console", lambda said: self.hear(said.type, said.text))
        self.page.on("request", lambda request: self.watch(request.url))

    def report(self, problem: str) -> None:
        self.problems.append(f"{self.page.url}: {problem}")

    def hear(self, kind: str, text: str) -> None:
        # Chromium says of every page that is not there that it is not there.
        if kind == "error" and str(self.expected) not in text:
            self.report(f"console: {text}")

    def watch(self, url: str) -> None:
        if url.startswith("http") and urlsplit(url).netloc != urlsplit(self.base).netloc:
            self.report(f"asked {url}")

    def speak(self, language: str) -> None:
        self.context.add_cookies([{"name": "django_language", "value": language, "url": self.base}])

    def open(self, path: str, expected: int = 200) -> None:
        self.expected = expected
        response = self.page.goto(self.base + path, wait_until="networkidle")
        if response is not None and response.status != expected:
            self.report(f"answered {response.status}")

    def sign_in(self, who: int) -> None:
        self.context.clear_cookies(name="sessionid")
        if who == NOBODY:
            return
        phone = f"+96650000000{who}"
        self.open("/admin/login/")
        self.page.fill("[name=username]", phone)
        self.page.fill("[name=password]", DEMO_PASSWORD)
        self.page.press("[name=password]", "Enter")
        self.page.wait_for_load_state("networkidle")
        if self.page.locator("#login-form").count():
            sys.exit(f"{self.base} does not let {phone} in: is it the demo?")

    def visit(self, shot: Shot) -> bool:
        """Stand before the page of `shot`; False when the list has no row to open."""
        self.open(shot.path if shot.path.startswith("/") else f"/admin/{shot.path}", shot.expected)
        if shot.row:
            links = self.page.locator("#result_list th a[href*='/change/']")
            if not links.count():
                self.report("has no row to open")
                return False
            self.open(urlsplit(str(links.first.evaluate("link => link.href"))).path)
        if shot.then:
            self.open(urlsplit(str(self.page.evaluate("to => new URL(to, location.href).href", shot.then))).path)
        if shot.do is not None:
            try:
                shot.do(self.page)
            except Error as error:
                self.report(f"could not be brought to show {shot.name}: {error.message.splitlines()[0]}")
        return True

    def shoot(self, size: str, target: Path) -> None:
        self.page.set_viewport_size(SIZES[size])
        self.page.evaluate("document.fonts.ready")
        if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            self.report(f"wider than its {size} window")
        self.page.screenshot(path=target, animations="disabled")
        sys.stdout.write(f"{target}\n")
        sys.stdout.flush()


def take_readme_pictures(camera: Camera, out: Path) -> None:
    camera.speak("ar")
    camera.page.set_viewport_size(SIZES["phone"])
    camera.visit(Shot("storefront", NOBODY, "/", do=first_times))
    camera.shoot("phone", out / "storefront-ar.png")
    camera.sign_in(OWNER)
    for language, path, name in (("en", "", "dashboard-en.png"), ("ar", "bookings/booking/", "bookings-ar.png")):
        camera.speak(language)
        camera.open(f"/admin/{path}")
        camera.shoot("desktop", out / name)


def take_review(camera: Camera, out: Path, only: re.Pattern[str]) -> None:
    for who, shots in groupby([shot for shot in PAGES if only.search(shot.name)], key=lambda shot: shot.who):
        camera.sign_in(who)
        for shot in shots:
            for language in LANGUAGES:
                camera.speak(language)
                # A dialog is laid out for the window in which it was opened.
                for size in SIZES:
                    camera.page.set_viewport_size(SIZES[size])
                    if camera.visit(shot):
                        camera.shoot(size, out / f"{shot.name}-{language}-{size}.png")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, else the one Playwright installed."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    flags = ["--no-sandbox", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=flags)
        try:
            yield browser
        finally:
            browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Pictures of the admin, taken from a running demo.")
    parser.add_argument("--base", default="http://127.0.0.1:8000", help="address of the running demo")
    parser.add_argument("--out", type=Path, default=Path("docs/images"), help="folder the pictures go to")
    parser.add_argument("--all", action="store_true", help="every page of the review instead of the README's two")
    parser.add_argument("--only", type=re.compile, default=re.compile(""), help="names of pages, a regular expression")
    parser.add_argument("--dark", action="store_true", help="as somebody sees it who works in the dark")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    scheme = "dark" if options.dark else "light"
    with chromium() as browser:
        context = browser.new_context(timezone_id="Asia/Riyadh", color_scheme=scheme, reduced_motion="reduce")
        camera = Camera(context, options.base.rstrip("/"))
        if options.all:
            take_review(camera, options.out, options.only)
        else:
            take_readme_pictures(camera, options.out)
    if camera.problems:
        sys.exit("\n".join(dict.fromkeys(camera.problems)))


if __name__ == "__main__":
    main()
