"""A visitor without a browser: follows links and fills in forms of real pages over real HTTP, tokens included."""

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from threading import Event
from time import monotonic
from urllib.parse import urljoin

import requests

PATIENCE = 20


@dataclass
class Form:
    """A form as the page holds it: where it goes and what is filled in already."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Page:
    """An answer with its forms. `text` is the HTML, `status` the HTTP code, `url` where redirects ended."""

    def __init__(self, response: requests.Response):
        self.status, self.url, self.text, self.headers = (
            response.status_code,
            response.url,
            response.text,
            response.headers,
        )
        parser = _FormParser()
        parser.feed(self.text)
        self.forms = parser.forms

    def form(self, *names: str) -> Form:
        """The one form that has all the named fields."""
        found = [form for form in self.forms if set(names) <= form.values.keys()]
        assert len(found) == 1, f"{len(found)} forms with {names} on {self.url}: {[list(f.values) for f in self.forms]}"
        return found[0]


class Visitor:
    """One person with cookies of their own, at `base`."""

    def __init__(self, base: str, language: str = "en"):
        self.base = base
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Accept-Language"] = language
        self.session.cookies.set("django_language", language)

    def get(self, path: str, **params: str) -> Page:
        return Page(self.session.get(urljoin(self.base, path), params=params, timeout=PATIENCE))

    def submit(self, page: Page, form: Form, said: dict[str, object], files: dict | None = None) -> Page:
        """Send `form` of `page` with what it holds, changed by `said` (None takes a field out)."""
        values = {**form.values, **said}
        filled = {name: value for name, value in values.items() if value is not None}
        url = urljoin(page.url, form.action) if form.action else page.url
        headers = {"Referer": page.url, "HX-Current-URL": page.url}
        return Page(self.session.request(form.method, url, data=filled, files=files, headers=headers, timeout=PATIENCE))

    def sign_in(self, phone: str, password: str) -> Page:
        """Through the admin's own login form."""
        page = self.get("/admin/login/?next=/admin/")
        return self.submit(page, page.form("username", "password"), {"username": phone, "password": password})


def wait_until(condition: Callable[[], object], patience: float = PATIENCE) -> object:
    """The first true answer of `condition`, for what another process is about to do. Fails after `patience` seconds."""
    deadline, pause = monotonic() + patience, Event()
    while not (answer := condition()):
        assert monotonic() < deadline, "it did not happen in time"
        pause.wait(0.05)
    return answer


class _FormParser(HTMLParser):
    """Collects forms with the values a browser would send."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select: str | None = None
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._open = Form(given.get("action", "") or given.get("hx-post", ""), given.get("method", "get").lower())
            if "hx-post" in given:
                self._open.method = "post"
            self.forms.append(self._open)
        elif self._open is not None:
            self._field(tag, given, dict(attributes))

    def _field(self, tag: str, given: dict[str, str], attributes: dict[str, str | None]) -> None:
        assert self._open is not None
        name = given.get("name", "")
        if tag == "input" and name:
            kind = given.get("type", "text")
            if kind in ("checkbox", "radio"):
                if "checked" in attributes:
                    self._open.values.setdefault(name, []).append(given.get("value", "on"))
            elif kind == "submit":
                self._open.buttons.append((name, given.get("value", "")))
            elif kind != "file":
                self._open.values.setdefault(name, []).append(given.get("value", ""))
            else:
                self._open.values.setdefault(name, [])
        elif tag == "button" and name:
            self._open.buttons.append((name, given.get("value", "")))
        elif tag == "select" and name:
            self._select = name
            self._open.values.setdefault(name, [])
        elif tag == "option" and self._select and "selected" in attributes:
            self._open.values[self._select].append(given.get("value", ""))
        elif tag == "textarea" and name:
            self._textarea = name
            self._open.values.setdefault(name, [""])

    def handle_data(self, data: str) -> None:
        if self._textarea and self._open is not None:
            self._open.values[self._textarea][0] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None
