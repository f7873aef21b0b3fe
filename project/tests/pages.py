"""Every page that an operator can open, read from the registries, for tests that look at all of them."""

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from apps.common.admin.transfer import ExportableModelAdmin, ImportableModelAdmin
from apps.common.constraints import AppendOnly
from apps.common.fields import PhoneField
from project.tests.two_salons import PLAIN, Rows, shown_models
from project.tests.walls import inventory

APPS = ["site", "accounts", "auth", "bookings", "notifications", "payments", "salons"]
SITE = ["admin:index", "admin:account", "admin:password_change", "admin:set_up_second_factor"]
# Seen before signing in, or when something is wrong.
OUTSIDE = ["/admin/login/", "/nowhere/"]
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# What a reader sees or hears of an element beside its text.
SPOKEN = {"title", "placeholder", "aria-label", "alt", "data-label", "label"}


def page(model: type[models.Model], name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def admin_pages(rows: Rows, app: str) -> Iterator[str]:
    """Addresses of an app that a GET may open, for somebody who may do everything; `rows` has a row of each model."""
    if app == "site":
        yield from map(reverse, SITE)
    for model in shown_models():
        if model._meta.app_label == app:
            yield from model_pages(model, rows[model])


def model_pages(model: type[models.Model], row: Any) -> Iterator[str]:
    model_admin = admin.site.get_model_admin(model)
    yield page(model, "changelist")
    yield page(model, "changelist") + "?q=zz"
    yield page(model, "change", row.pk)
    yield page(model, "history", row.pk)
    if "add" in model_admin.allowed_verbs:
        yield page(model, "add")
    if "delete" in model_admin.allowed_verbs:
        yield page(model, "delete", row.pk)
    if model_admin.keeps_history:
        yield page(model, "simple_history", row.pk, row.history.first().pk)
    if isinstance(model_admin, ExportableModelAdmin):
        yield page(model, "export")
    if isinstance(model_admin, ImportableModelAdmin):
        yield page(model, "import")
    for name, place in inventory.buttons(model_admin).items():
        yield page(model, name, *([] if place == "list" else [row.pk]))


def opened(client: Client, address: str) -> str | None:
    """The page at `address`, or None where the answer is none: a redirect, a file."""
    answer = client.get(address)
    if answer.status_code == 302 or not answer.headers["Content-Type"].startswith("text/html"):
        return None
    return answer.content.decode()


def write_arabic() -> None:
    write_texts(lambda number, _field: f"زهرة {number}")


def write_texts(text: Callable[[int, models.Field], str]) -> int:
    """Put `text(number of the row, field)` into every free text of every row, histories included; how many fields.

    What is never changed stays as it is.
    """
    fields = 0
    for model in apps.get_models():
        if not model.__module__.startswith("apps.") or any(
            isinstance(rule, AppendOnly) for rule in model._meta.constraints
        ):
            continue
        texts = [field for field in model._meta.concrete_fields if is_free_text(field)]
        for number, row in enumerate(model._base_manager.all()):
            model._base_manager.filter(pk=row.pk).update(**{field.name: text(number, field) for field in texts})
        fields += len(texts)
    return fields


def is_free_text(field: models.Field) -> bool:
    if not isinstance(field, models.CharField | models.TextField) or field.choices or isinstance(field, PhoneField):
        return False
    return not field.primary_key and field.name not in PLAIN and (field.max_length or 20) >= 20


class Reader(HTMLParser):
    """Reads a page as a person does: `texts` are what they see or hear, without what is marked as not Arabic."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.handlers: list[str] = []
        self._open: list[tuple[str, bool]] = []

    @property
    def _is_silent(self) -> bool:
        return any(silent for _tag, silent in self._open)

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        said = {name: value or "" for name, value in attributes}
        self.handlers += [f"<{tag} {name}>" for name in said if name.startswith("on")]
        if tag == "script" and "src" not in said and "json" not in said.get("type", ""):
            self.scripts.append(self.get_starttag_text() or "")
        silent = is_silent(tag, said)
        if not (silent or self._is_silent):
            self.texts += [said[name] for name in said if name in SPOKEN]
            if tag == "input" and said.get("type") in {"submit", "button", "reset"}:
                self.texts.append(said.get("value", ""))
        if tag not in VOID:
            self._open.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        for number in range(len(self._open) - 1, -1, -1):
            if self._open[number][0] == tag:
                del self._open[number:]
                return

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._is_silent:
            self.texts.append(" ".join(data.split()))


def is_silent(tag: str, said: dict[str, str]) -> bool:
    """Whether nobody reads it, or it is marked as something that is Latin by nature: a code, a phone, an amount."""
    if tag in {"script", "style", "code", "pre", "svg", "textarea"} or said.get("lang") == "en":
        return True
    return "material-symbols" in said.get("class", "") or (tag in {"bdi", "span"} and said.get("dir") == "ltr")


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader
