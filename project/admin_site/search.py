"""The one search box: visits, customers, staff, services and pages of whoever asks, within their walls."""

import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.bookings.models import REFERENCE_ALPHABET, Booking
from apps.common.admin.displays import show_time
from apps.common.admin.search import LONGEST_TERM
from apps.common.money import display_money
from apps.common.name_keys import name_key
from apps.common.phones import normalize_phone
from apps.common.reader import shown_phone
from apps.common.text import clean_text, localized, search_key
from apps.salons.models import Customer, Salon, Service, Staff
from project.admin_site.dashboard.cards import Clock

MOST = 5
SHORTEST = 2
# So much of a reference, or five digits of a number, points to few rows, and an index finds them.
SHORTEST_REFERENCE, WHOLE_REFERENCE = 4, 9
REFERENCE = re.compile(f"[{REFERENCE_ALPHABET}]{{{SHORTEST_REFERENCE},{WHOLE_REFERENCE}}}")
PHONE = re.compile(r"\+?[0-9]{5,15}")
SEPARATORS = re.compile(r"[\s().\-\u2010-\u2015\u2212]+")


@dataclass(frozen=True, slots=True)
class Hit:
    """One line: what it is called, what tells it from others, and where it opens. `code` reads from left to right."""

    title: str
    detail: str
    link: str
    code: str = ""
    state: str = ""
    state_text: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    icon: str
    hits: list[Hit]


def find(user: Any, term: str) -> list[Group]:
    """What `user` may see of what was typed, at most five of each kind; nothing for a single letter."""
    term = clean_text(term)[:LONGEST_TERM]
    if len(term) < SHORTEST:
        return []
    several = _reaches_several_salons(user)
    referred = _referred(user, term)
    # No name has digits in it: what begins like a reference and has some is one.
    if referred and (len(_reference(term)) == WHOLE_REFERENCE or any(letter.isdigit() for letter in term)):
        return [Group(_("Visits"), "event", [_visit(row, several) for row in referred])]
    people = _customers(user, term)
    visits = referred or _visits(user, term, people)
    groups = [
        Group(_("Visits"), "event", [_visit(row, several) for row in visits]),
        Group(_("Customers"), "contacts", [_card(row, several, user) for row in people]),
        Group(_("Team"), "groups", [_member(row, several) for row in _named(Staff, user, term)]),
        Group(_("Services"), "content_cut", [_service(row, several) for row in _named(Service, user, term)]),
    ]
    return [group for group in groups if group.hits]


# --- Rows ---


def _referred(user: Any, term: str) -> list[Booking]:
    """Visits whose reference is this, or begins so; the whole of it names one."""
    reference = _reference(term)
    if not reference or not user.has_perm("bookings.view_booking"):
        return []
    if len(reference) == WHOLE_REFERENCE:
        return list(_booked(user).filter(reference=reference))
    # All references are of nine letters, so what begins alike is a range, on either database.
    first, last = (
        reference.ljust(WHOLE_REFERENCE, letter) for letter in (REFERENCE_ALPHABET[0], REFERENCE_ALPHABET[-1])
    )
    found = _booked(user).filter(reference__gte=first, reference__lte=last)
    return list(found.order_by("reference")[:MOST])


def _visits(user: Any, term: str, people: list[Customer]) -> list[Booking]:
    """Those to come of these customers, or of a guest or customer of this name."""
    if not user.has_perm("bookings.view_booking"):
        return []
    # Visits to come are few, whatever the years before them held.
    coming = _booked(user).active().filter(starts_at__gte=Clock().midnight()).order_by("starts_at", "pk")
    if _is_name(term):
        return list(_holding(coming, term, "customer__user__name", "guest_name")[:MOST])
    return list(coming.filter(customer__in=people)[:MOST]) if people else []


def _booked(user: Any) -> QuerySet:
    return Booking.objects.visible_to(user).select_related("customer__user", "staff", "salon")


def _customers(user: Any, term: str) -> list[Customer]:
    if not user.has_perm("salons.view_customer"):
        return []
    cards = Customer.objects.visible_to(user).select_related("user", "salon").order_by()
    if (phone := _phone(term)) is not None:
        number = normalize_phone(term)
        begins = Q(user__phone__gte=phone, user__phone__lte=phone.ljust(16, "9"))
        # Who may not see phones finds one by the whole number only: digit by digit they could read what is masked.
        found = Q(user__phone=number) if number else Customer.objects.showing_phones_to(user) & begins
        return list(cards.filter(found)[:MOST])
    return list(_holding(cards, term, "user__name")[:MOST]) if _is_name(term) else []


def _named(model: Any, user: Any, term: str) -> list[Any]:
    if not user.has_perm(f"salons.view_{model._meta.model_name}") or not _is_name(term):
        return []
    rows = model.objects.visible_to(user).select_related("salon")
    for word in search_key(term).split():
        rows = rows.filter(search_text__contains=word)
    return list(rows[:MOST])


def _holding(rows: QuerySet, term: str, *paths: str) -> QuerySet:
    """Rows with every word of `term` in one of the names at `paths`, whatever the forms of its letters."""
    for word in name_key(term).split():
        found = Q()
        for path in paths:
            found |= Q(**{f"{path}__folded__contains": word})
        rows = rows.filter(found)
    return rows


# --- What was typed ---


def _is_name(term: str) -> bool:
    return len(search_key(term)) >= SHORTEST and any(letter.isalpha() for letter in term)


def _reference(term: str) -> str:
    text = SEPARATORS.sub("", search_key(term)).upper()
    return text if REFERENCE.fullmatch(text) else ""


def _phone(term: str) -> str | None:
    """The beginning of a stored number that `term`, however spelt, stands for; None when it is no number."""
    text = SEPARATORS.sub("", search_key(term))
    if not PHONE.fullmatch(text):
        return None
    if text.startswith("00"):
        text = "+" + text[2:]
    if text.startswith("+"):
        # No country begins with 0: what does stands where the phone of an erased person stood.
        return None if text.startswith("+0") else text
    return "+" + text if text.startswith("966") else "+966" + text.removeprefix("0")


# --- Lines ---


def _visit(booking: Booking, several: bool) -> Hit:  # noqa: FBT001 - said the same way in every line
    when = show_time(booking.starts_at, booking.salon.timezone)
    return Hit(
        title=booking.visitor,
        detail=_joined(when, booking.service_name, booking.staff.name, booking.salon.name if several else ""),
        link=reverse("admin:bookings_booking_change", args=[booking.pk]),
        code=booking.display_reference,
        state=booking.status,
        state_text=booking.get_status_display(),
    )


def _card(card: Customer, several: bool, user: Any) -> Hit:  # noqa: FBT001
    return Hit(
        title=card.user.name or _("(no name yet)"),
        detail=_joined(card.salon.name if several else "", _("may not book online") if card.is_blocked else ""),
        link=reverse("admin:salons_customer_change", args=[card.pk]),
        code=shown_phone(card.user.phone, card, reader=user),
    )


def _member(staff: Staff, several: bool) -> Hit:  # noqa: FBT001
    title = localized(staff.title_ar, staff.title_en)
    away = "" if staff.is_active else _("takes no bookings")
    return Hit(
        title=staff.name,
        detail=_joined(title, staff.salon.name if several else "", away),
        link=reverse("admin:salons_staff_change", args=[staff.pk]),
    )


def _service(service: Service, several: bool) -> Hit:  # noqa: FBT001
    off = "" if service.is_active else _("cannot be booked")
    return Hit(
        title=service.name,
        detail=_joined(display_money(service.price_amount), service.salon.name if several else "", off),
        link=reverse("admin:salons_service_change", args=[service.pk]),
        code=service.code,
    )


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _reaches_several_salons(user: Any) -> bool:
    return Salon.objects.visible_to(user).count() > 1
