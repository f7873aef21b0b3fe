"""A booking's page joins what four apps know, at the same price however much that is."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from apps.accounts.tests.factories import PlatformUserFactory
from apps.bookings.tests.factories import BookingFactory
from apps.common.money import display_money
from apps.common.testing.queries import queries_of
from apps.notifications.tests.factories import NotificationFactory
from apps.payments.errors import GatewayUnavailable
from apps.payments.models import Payment, Refund
from apps.salons.tests.factories import MembershipFactory, StaffFactory

pytestmark = pytest.mark.django_db
MOST_QUERIES = 20
MINUTE = timedelta(minutes=1)


def page(booking):
    return reverse("admin:bookings_booking_change", args=[booking.pk])


def seated(client, booking, role="manager"):
    client.force_login(MembershipFactory(salon=booking.salon, role=role).user)
    client.cookies["django_language"] = "en"
    return client


def story(client, booking):
    return client.get(page(booking)).context["story"].entries


def payment_of(booking, **fields):
    return Payment.objects.create(salon=booking.salon, booking=booking, amount=Decimal(10), **fields)


def refund_of(payment, **fields):
    return Refund.objects.create(salon=payment.salon, payment=payment, reason="served late", **fields)


def add_to_the_story(booking):
    """A change, a paid payment with a refund, a link, and a message."""
    booking.staff = StaffFactory(salon=booking.salon)
    booking.save()
    paid = payment_of(booking, status="paid", captured_amount=Decimal(10), paid_at=timezone.now())
    refund_of(paid, amount=Decimal(4), status="failed")
    payment_of(booking, status="expired")
    NotificationFactory(booking=booking, occasion=str(paid.pk), status="failed")


@pytest.mark.parametrize("role", ["manager", "receptionist"])
def test_the_page_costs_the_same_however_long_its_story_is(client, role):
    booking = BookingFactory()
    add_to_the_story(booking)
    browser = seated(client, booking, role)
    queries_of(browser, page(booking))  # what is cached for a while is read now
    few = queries_of(browser, page(booking))

    for _number in range(4):
        add_to_the_story(booking)
    many = queries_of(browser, page(booking))

    assert len(many) == len(few), "\n".join(many)
    assert len(many) <= MOST_QUERIES, "\n".join(many)


def test_the_story_joins_visit_money_and_messages_newest_first(client):
    booking = BookingFactory(created_at=timezone.now())
    start = timezone.now()
    payment = payment_of(
        booking, status="paid", captured_amount=Decimal(10), refunded_amount=Decimal(4), paid_at=start + MINUTE
    )
    refund = refund_of(payment, amount=Decimal(4), status="succeeded", settled_at=start + 3 * MINUTE)
    Refund.objects.filter(pk=refund.pk).update(created_at=start + 2 * MINUTE)
    NotificationFactory(booking=booking, kind="refund_sent", status="delivered", sent_at=start + 4 * MINUTE)
    NotificationFactory(booking=booking, kind="reminder", status="pending", due_at=start + timedelta(days=1))

    told = [(entry.title, entry.detail) for entry in story(seated(client, booking), booking)]

    assert told[:6] == [
        ("Message: reminder", "SMS · Planned"),
        ("Message: refund on its way", "SMS · Delivered"),
        ("Money went back: 4.00 SAR", "Sent back"),
        ("Refund: 4.00 SAR", "Refunded"),
        ("Paid: 10.00 SAR", "Online · went back: 4.00 SAR"),
        ("Payment link: 10.00 SAR", "Paid"),
    ]
    assert told[6][0] == "Booked online"


def test_a_message_is_sent_again_and_a_payment_given_back_from_the_story(client):
    booking = BookingFactory()
    payment = payment_of(booking, status="paid", captured_amount=Decimal(10), paid_at=timezone.now())
    message = NotificationFactory(booking=booking, status="failed")
    refund = reverse("admin:payments_payment_refund_action", args=[payment.pk])
    again = reverse("admin:notifications_notification_retry_action", args=[message.pk])

    manager = seated(client, booking).get(page(booking))
    buttons = [entry.button.address for entry in manager.context["story"].entries if entry.button]
    receptionist = seated(client, booking, "receptionist").get(page(booking))

    assert sorted(buttons) == sorted([refund, again])
    assert refund in [button["path"] for button in manager.context["menu"]]
    assert [entry.button for entry in receptionist.context["story"].entries if entry.button] == []
    assert refund not in receptionist.content.decode()


def test_who_may_not_see_refunds_is_told_what_went_back_and_no_more(client):
    booking = BookingFactory()
    payment = payment_of(
        booking, status="paid", captured_amount=Decimal(10), refunded_amount=Decimal(4), paid_at=timezone.now()
    )
    refund_of(payment, amount=Decimal(4), status="succeeded", settled_at=timezone.now())

    entries = story(seated(client, booking, "receptionist"), booking)

    assert [entry.title for entry in entries if entry.link and "efund" in entry.link] == []
    assert [entry.detail for entry in entries if entry.title == "Paid: 10.00 SAR"] == ["Online · went back: 4.00 SAR"]


@pytest.mark.parametrize("role", ["support", "auditor"])
def test_roles_of_the_platform_read_the_whole_story(client, role):
    booking = BookingFactory()
    add_to_the_story(booking)
    client.force_login(PlatformUserFactory(role=role))
    client.cookies["django_language"] = "en"

    titles = {entry.title.split(":")[0] for entry in story(client, booking)}

    assert titles == {"Booked online", "Moved", "Paid", "Payment link", "Refund", "Message"}


# --- Dialogs that are about money ---


def told_by(client, booking, name):
    answer = client.get(reverse(f"admin:bookings_booking_{name}_action", args=[booking.pk]))
    return re.sub(r"\s+", " ", unescape(strip_tags(answer.content.decode())))


def test_cancelling_says_before_what_goes_back_and_that_is_what_goes_back(client):
    booking = BookingFactory(salon__late_cancellation_percent=50, salon__free_cancellation_hours=24 * 30)
    price = booking.price_amount
    payment = Payment.objects.create(
        salon=booking.salon,
        booking=booking,
        method="cash",
        amount=price,
        captured_amount=price,
        status="paid",
        paid_at=timezone.now(),
    )
    browser = seated(client, booking)

    told = told_by(browser, booking, "cancel")
    address = reverse("admin:bookings_booking_cancel_action", args=[booking.pk])
    browser.post(f"{address}?version=1", {"_form_submitted": "true", "by": "customer", "reason": "travelling"})

    half, whole = (display_money(amount) for amount in (price / 2, price))
    assert f"Paid so far: {whole}." in told
    assert f"At the wish of the customer: the fee is {half}, and {half} goes back." in told
    assert f"At the wish of the salon: the fee is 0.00 SAR, and {whole} goes back." in told
    assert [(one.payment, one.amount) for one in Refund.objects.all()] == [(payment, price / 2)]


def test_a_payment_link_is_made_by_a_dialog_and_only_by_who_may_take_money(client):
    booking = BookingFactory()
    address = reverse("admin:bookings_booking_payment_link_action", args=[booking.pk])
    browser = seated(client, booking)

    assert f"The link asks for {display_money(booking.price_amount)}" in told_by(browser, booking, "payment_link")
    assert Payment.objects.count() == 0
    client.force_login(PlatformUserFactory(role="support"))
    assert client.post(address, {"_form_submitted": "true"}).status_code == 403
    assert Payment.objects.count() == 0


def test_a_gateway_that_is_away_is_told_in_words_and_the_page_stays(client, settings):
    settings.MOYASAR_BASE_URL = "http://127.0.0.1:9"
    booking = BookingFactory()
    browser = seated(client, booking)
    address = reverse("admin:bookings_booking_payment_link_action", args=[booking.pk])

    answer = browser.post(
        address, {"_form_submitted": "true"}, headers={"hx-current-url": "http://testserver" + page(booking)}
    )

    assert answer.headers["HX-Redirect"] == page(booking)
    [said] = [str(message) for message in get_messages(answer.wsgi_request)]
    assert said == str(GatewayUnavailable())
