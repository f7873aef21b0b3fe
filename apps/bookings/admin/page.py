"""The page of one visit: its state and the next step, the customer, the money, and the whole story."""

from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.bookings.admin.banner import meaning_of, next_step, other_steps, too_early
from apps.bookings.admin.changes import changes_of
from apps.bookings.admin.dialogs import with_version
from apps.bookings.card_figures import figures_of
from apps.bookings.models import Booking
from apps.bookings.money import money
from apps.bookings.story import story_of
from apps.common.admin.displays import show_money, show_phone, show_time
from apps.common.hijri import hijri_text
from apps.common.reader import called, shown_phone

CUSTOMER_PAGE = "admin:salons_customer_change"


def page_context(request, booking, buttons, colours):
    """What the template of the page shows, for the reader of `request`.

    `buttons` are the steps that Unfold would put into its header; they stand in the banner instead.
    """
    now, reader = timezone.now(), request.user
    account = money().account_of(booking, reader=reader)
    return {
        "visit": booking,
        "banner": _banner(booking, colours, now),
        **_steps(booking, buttons, account, now),
        "again_url": _again_url(booking, reader),
        "card": _card(booking, reader, now),
        "account": account and _account(account, booking),
        "now": now,
        "story": story_of(booking, reader=reader, own=changes_of),
        "zone": ZoneInfo(booking.salon.timezone),
        "history_url": reverse("admin:bookings_booking_history", args=[booking.pk]),
    }


def _banner(booking, colours, now):
    zone = ZoneInfo(booking.salon.timezone)
    starts, ends = booking.starts_at.astimezone(zone), booking.ends_at.astimezone(zone)
    minutes = _("%(minutes)s min")
    return {
        "colour": colours[booking.status],
        "state": capfirst(booking.get_status_display()),
        "meaning": meaning_of(booking, now=now),
        "day": date_format(starts, "l j F Y"),
        "hijri": hijri_text(starts.date()) if booking.salon.show_hijri_dates else "",
        "hours": f"{starts:%H:%M}–{ends:%H:%M}",
        "minutes": minutes % {"minutes": booking.duration_minutes},
        "price": show_money(booking.price_amount),
        "source": capfirst(booking.get_source_display()),
    }


def _steps(booking, buttons, account, now):
    """The step to take next, one more in sight, and the others for the menu; without those it is too early for."""
    left_out = too_early(booking, now=now)
    if not (account and account.due):
        left_out.add("payment-link")
    by_path = {}
    for button in buttons:
        path = urlsplit(button["path"]).path.rstrip("/").rsplit("/", 1)[1]
        if path not in left_out:
            by_path[path] = {**button, "path": with_version(button["path"], booking.version)}
    primary = by_path.pop(next_step(booking, is_payable=bool(account and account.due)), None)
    if account and account.refund:
        refund = {"title": account.refund.text, "path": account.refund.address, "icon": "currency_exchange"}
        by_path["refund"] = refund
    beside = next((by_path.pop(path) for path in other_steps(booking) if path in by_path), None)
    return {"primary": primary, "beside": beside, "menu": list(by_path.values())}


def _again_url(booking, reader):
    """The form for another visit of the same customer, filled in; for who may enter one."""
    allowed = reader.has_perm("bookings.add_booking", booking) and not booking.customer.user.erased_at
    return f"{reverse('admin:bookings_booking_add')}?{urlencode({'again': booking.pk})}" if allowed else ""


def _card(booking, reader, now):
    customer, person = booking.customer, booking.customer.user
    card = {
        "name": called(person, booking),
        "phone": show_phone(person.phone, booking) if person.name else "",
        "guest": booking.guest_name,
        "language": dict(User.Locale.choices).get(person.locale, ""),
    }
    if not reader.has_perm("salons.view_customer", booking):
        return card
    figures = figures_of(customer, now=now)
    facts = [(_("Visits"), figures.visits), (_("Ahead"), figures.ahead), (_("No-shows"), figures.no_shows)]
    if reader.has_perm("payments.view_payment", booking):
        facts.append((_("Spent here"), show_money(money().spent_by(customer))))
    return {
        **card,
        "url": reverse(CUSTOMER_PAGE, args=[customer.pk]),
        "facts": facts,
        "is_unreliable": figures.no_shows > 0,
        "last": show_time(figures.last_at, booking.salon.timezone) if figures.last_at else "",
        "notes": customer.notes,
        "is_blocked": customer.is_blocked,
    }


def _account(account, booking):
    lines = [(_("Price"), booking.price_amount)]
    if booking.cancellation_fee_amount:
        lines.append((_("Cancellation fee"), booking.cancellation_fee_amount))
    lines += [
        (_("Received"), account.kept),
        (_("Reserved on the card"), account.reserved),
        (_("On its way back"), account.going_back),
    ]
    shown = [(label, show_money(amount)) for label, amount in lines if amount or label == _("Received")]
    until = account.link_until and show_time(account.link_until, booking.salon.timezone)
    return {
        "lines": shown,
        "missing": show_money(account.missing) if account.missing else "",
        "is_settled": not account.missing and bool(account.kept or account.reserved),
        "link": account.link,
        "link_until": until,
        "take": account.take,
    }


def again(request):
    """Values of the form for a new visit like the one that the address names; none where it is not the reader's."""
    try:
        named = Booking.objects.visible_to(request.user).filter(pk=request.GET.get("again") or None)
        booking = named.select_related("customer__user").first()
    except ValidationError:
        return {}
    if booking is None or not request.user.has_perm("bookings.add_booking", booking):
        return {}
    person = booking.customer.user
    return {
        "salon": booking.salon_id,
        "phone": shown_phone(person.phone, booking, reader=request.user),
        "name": person.name,
        "guest_name": booking.guest_name,
        "service": booking.service_id,
        "staff": booking.staff_id,
    }
