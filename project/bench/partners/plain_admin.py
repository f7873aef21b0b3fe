"""The list of bookings as a plain model admin shows it: everything counted, every relation a dropdown, days on top."""

from collections.abc import Callable

from django.contrib import admin
from django.contrib.messages.storage.base import BaseStorage
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import resolve, reverse
from unfold.admin import ModelAdmin

from apps.accounts.models import User
from apps.bookings.models import Booking


class PlainBookingAdmin(ModelAdmin):
    """What a tutorial ends with."""

    list_display = ("reference", "customer", "service", "staff", "status", "starts_at", "price_amount", "salon")
    list_select_related = ("customer__user", "service", "staff", "salon")
    list_filter = ("status", "staff", "service")
    search_fields = ("reference", "customer__user__name", "customer__user__phone", "guest_name", "service__name_en")
    date_hierarchy = "starts_at"


class _NoMessages(BaseStorage):
    def _get(self):
        return [], True

    def _store(self, messages, response):
        return messages


def plain_list(reader: User, said: dict[str, str] | None = None) -> Callable[[], None]:
    """A call that renders its first page for `reader`, as narrowed by `said`."""
    address = reverse("admin:bookings_booking_changelist")

    def show() -> None:
        request: HttpRequest = RequestFactory().get(address, said or {})
        request.user, request.resolver_match = reader, resolve(address)
        request._messages = _NoMessages(request)  # type: ignore[attr-defined]  # noqa: SLF001 - as the middleware does
        answer = PlainBookingAdmin(Booking, admin.site).changelist_view(request)
        if answer.status_code != 200:
            raise RuntimeError(f"the plain list answered {answer.status_code}")
        answer.render()

    return show
