"""A window of Chromium in which an operator works, and which remembers everything that went wrong in it."""

from urllib.parse import urlsplit

PASSWORD = "a long password of people"


class Desk:
    """A browser window on the live server at `base` (its address without a path).

    `problems` collects errors of scripts and of the console, and requests to any other server; the fixtures that make
    a desk fail the test when there is one.
    """

    def __init__(self, page, base, language="en"):
        self.page, self.base, self.problems = page, base, []
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("console", self._heard)
        page.on("request", self._asked)
        self.speak(language)

    def _heard(self, message):
        if message.type == "error":
            self.problems.append(f"{self.page.url}: {message.text} ({message.location.get('url')})")

    def _asked(self, request):
        if request.url.startswith("http") and urlsplit(request.url).netloc != urlsplit(self.base).netloc:
            self.problems.append(f"{self.page.url} asked {request.url}")

    def speak(self, language):
        self.page.context.add_cookies([{"name": "django_language", "value": language, "url": self.base}])

    def sign_in(self, person):
        self.page.context.clear_cookies(name="sessionid")
        self.give_password(person)
        self.page.wait_for_url(f"{self.base}/admin/")

    def give_password(self, person):
        self.open("/admin/login/")
        self.page.fill("[name=username]", person.phone)
        self.page.fill("[name=password]", PASSWORD)
        self.page.press("[name=password]", "Enter")

    def open(self, path):
        response = self.page.goto(self.base + path)
        assert response.status == 200, f"{path}: {response.status}"

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def take(self, step, **said):
        """Open a dialog of the page, fill it in, send it, and wait for the page to come back."""
        button = self.page.locator(f"a[hx-get*='/{step}/']").first
        if not button.is_visible():
            self.page.locator("details[data-closing] summary").click()
        button.click()
        dialog = self.page.locator("form:has([name=_form_submitted])")
        dialog.wait_for()
        for name, value in said.items():
            dialog.locator(f"[name={name}]").fill(value)
        with self.page.expect_navigation():
            dialog.locator("[type=submit]").click()

    def barriers(self):
        """Serious and critical findings of axe on the page as it stands: rule, and the elements it is about."""
        # Only a browser's run has it: it belongs to the dependency group e2e.
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [
            (rule["id"], [node["html"] for node in rule["nodes"]])
            for rule in found
            if rule["impact"] in {"serious", "critical"}
        ]
