"""The first page: every figure is the count of the list it leads to, for each role."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.tests.factories import DataRequestFactory, PlatformUserFactory
from apps.bookings.tests.factories import BookingFactory
from apps.notifications.tests.factories import NotificationFactory
from apps.payments.models import Payment, ReconciliationFinding, ReconciliationRun, Refund
from apps.salons.tests.factories import MembershipFactory, SalonFactory, StaffFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def salon():
    """A salon with a visit in every state today, money, a refund, a failed message; and a neighbour with the same."""
    ours, neighbour = SalonFactory(), SalonFactory()
    now = timezone.localtime().replace(hour=12)
    for place in (ours, neighbour):
        for status in ("pending", "confirmed", "arrived", "completed", "no_show", "cancelled", "expired"):
            booking = BookingFactory(salon=place, status=status, starts_at=now)
        payment = Payment.objects.create(
            salon=place, booking=booking, amount=50, captured_amount=50, status="paid", paid_at=timezone.now()
        )
        payment.refund_reserved_amount = 10
        payment.save()
        Refund.objects.create(salon=place, payment=payment, amount=10, reason="x", status="requested")
        NotificationFactory(booking=booking, status="failed")
        run = ReconciliationRun.objects.create(since=now)
        ReconciliationFinding.objects.create(salon=place, run=run, payment=payment, kind="amount")
        DataRequestFactory(due_on=timezone.localdate() + timedelta(days=7))
        DataRequestFactory(due_on=timezone.localdate() + timedelta(days=8))
        DataRequestFactory(due_on=timezone.localdate(), status="done")
    return ours


def person(role, salon):
    if role == "owner":
        return User.objects.create_superuser("+966500000001")
    if role in ("support", "auditor"):
        return PlatformUserFactory(role=role)
    member = MembershipFactory(salon=salon, role=role).user
    if role == "stylist":
        StaffFactory(salon=salon, user=member)
    return member


@pytest.mark.parametrize(
    ("role", "figures"),
    [
        ("manager", ["5", "1", "1", "1", "1", "1"]),
        ("receptionist", ["5", "1", "1", "1"]),
        ("stylist", ["0", "0", "0"]),
        ("support", ["10", "2", "2", "2", "2", "2"]),
        ("auditor", ["10", "2", "2", "2", "2", "2", "2"]),
        ("owner", ["10", "2", "2", "2", "2", "2", "2"]),
    ],
)
def test_every_figure_is_the_count_of_the_list_it_leads_to(client, salon, role, figures):
    client.force_login(person(role, salon))

    cards = [card for card in client.get("/admin/").context["cards"] if card.icon != "payments"]

    assert [card.value for card in cards] == figures
    assert [str(client.get(card.link).context["cl"].result_count) for card in cards] == figures


def test_money_received_today_is_what_was_kept_of_it(client, salon):
    client.force_login(person("manager", salon))

    (card,) = [card for card in client.get("/admin/").context["cards"] if card.icon == "payments"]

    assert "50.00" in card.value
    assert client.get(card.link).context["cl"].result_count == 1


def test_the_agenda_shows_what_is_still_to_come_today_in_this_salon(client, salon):
    visit = BookingFactory(salon=salon, starts_at=timezone.localtime().replace(hour=23, minute=0))
    client.force_login(person("manager", salon))

    agenda = client.get("/admin/").context["agenda"]

    assert visit in agenda
    assert {booking.salon_id for booking in agenda} == {salon.pk}
