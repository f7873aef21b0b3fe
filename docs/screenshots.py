"""Takes the pictures of the admin: the two of the README, or every page of the sidebar for a review by eye.

    uv run manage.py demo
    uv run --group e2e docs/screenshots.py --base http://127.0.0.1:8000 --out docs/images
    uv run --group e2e docs/screenshots.py --base http://127.0.0.1:8000 --out /tmp/review --all

Signs in as the owner of the demo. Reports every page that answers with an error, raises one in the browser or is
wider than its window, and then ends with status 1. Needs Chromium (Debian: chromium, fonts-noto-core).
"""

import argparse
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

OWNER_PHONE = "+966500000001"
DEMO_PASSWORD = "demo-salon-2026"  # noqa: S105 - printed by the demo, refused everywhere else
LANGUAGE_COOKIE = "django_language"
LANGUAGES = ("en", "ar")
SIZES = {"desktop": {"width": 1400, "height": 900}, "phone": {"width": 390, "height": 844}}
SIDEBAR_LINKS = "#nav-sidebar-apps a[href]"
BOOKINGS = re.compile(r"/bookings/booking/$")


class Camera:
    """One signed-in browser window that remembers what went wrong on the pages it visited."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.context = context
        self.base = base
        self.page: Page = context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.report(f"script error: {error}"))

    def report(self, problem: str) -> None:
        self.problems.append(f"{self.page.url}: {problem}")

    def speak(self, language: str) -> None:
        self.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": self.base}])

    def open(self, path: str) -> None:
        response = self.page.goto(self.base + path, wait_until="networkidle")
        if response is not None and response.status >= 400:
            self.report(f"answered {response.status}")
        self.page.evaluate("document.fonts.ready")

    def sign_in(self) -> None:
        self.open("/admin/login/")
        self.page.fill("[name=username]", OWNER_PHONE)
        self.page.fill("[name=password]", DEMO_PASSWORD)
        self.page.press("[name=password]", "Enter")
        self.page.wait_for_load_state("networkidle")
        if self.page.locator("#login-form").count():
            sys.exit(f"{self.base} does not let {OWNER_PHONE} in: is it the demo?")

    def sidebar_paths(self) -> list[str]:
        """Paths of the sidebar in its order, each once; query strings are kept, they make another page."""
        self.open("/admin/")
        links = self.page.locator(SIDEBAR_LINKS).evaluate_all("links => links.map(link => link.href)")
        parts = [urlsplit(link) for link in links if link.startswith(self.base)]
        paths = [part.path + (f"?{part.query}" if part.query else "") for part in parts]
        return list(dict.fromkeys(paths))

    def shoot(self, path: str, size: str, target: Path) -> None:
        self.page.set_viewport_size(SIZES[size])
        self.open(path)
        if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            self.report(f"wider than its {size} window")
        self.page.screenshot(path=target, animations="disabled")
        sys.stdout.write(f"{target}\n")


def file_name(path: str) -> str:
    """``/admin/bookings/booking/?status=pending`` becomes ``bookings-booking-status-pending``."""
    return re.sub(r"[^a-z0-9]+", "-", path.lower().removeprefix("/admin")).strip("-") or "dashboard"


def bookings_path(paths: list[str]) -> str:
    found = next((path for path in paths if BOOKINGS.search(urlsplit(path).path)), None)
    if found is None:
        sys.exit("The sidebar has no link to the bookings.")
    return found


def take_readme_pictures(camera: Camera, out: Path) -> None:
    camera.speak("en")
    bookings = bookings_path(camera.sidebar_paths())
    camera.shoot("/admin/", "desktop", out / "dashboard-en.png")
    camera.speak("ar")
    camera.shoot(bookings, "desktop", out / "bookings-ar.png")


def take_every_page(camera: Camera, out: Path) -> None:
    for language in LANGUAGES:
        camera.speak(language)
        paths = camera.sidebar_paths()
        for size in SIZES:
            for number, path in enumerate(paths, start=1):
                camera.shoot(path, size, out / f"{language}-{size}-{number:02}-{file_name(path)}.png")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, else the one Playwright installed."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Pictures of the admin, taken from a running demo.")
    parser.add_argument("--base", default="http://127.0.0.1:8000", help="address of the running demo")
    parser.add_argument("--out", type=Path, default=Path("docs/images"), help="folder the pictures go to")
    parser.add_argument("--all", action="store_true", help="every sidebar page, both languages, desktop and phone")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        context = browser.new_context(timezone_id="Asia/Riyadh", color_scheme="light", reduced_motion="reduce")
        camera = Camera(context, options.base.rstrip("/"))
        camera.sign_in()
        take_readme_pictures(camera, options.out)
        if options.all:
            take_every_page(camera, options.out)
    if camera.problems:
        sys.exit("\n".join(dict.fromkeys(camera.problems)))


if __name__ == "__main__":
    main()
