"""A customer's copy of their data holds what every app keeps of them, and nothing of anybody else."""

import pytest
from rest_framework.test import APIClient

from apps.accounts.selectors import export_own_data
from apps.accounts.services import issue_tokens
from apps.accounts.tests.factories import UserFactory
from apps.bookings.models import Booking
from apps.bookings.services import cancel_booking
from apps.bookings.tests.factories import BookingFactory
from apps.common.history import save_as
from apps.payments.models import Payment


@pytest.mark.django_db
def test_the_copy_holds_own_visits_and_payments_only():
    person = UserFactory()
    booking, other = BookingFactory(customer__user=person), BookingFactory()
    for visit in (booking, other):
        Payment.objects.create(salon=visit.salon, booking=visit, amount=100, captured_amount=100, status="paid")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {issue_tokens(user=person).access}")

    copy = client.get("/api/v1/me/export/").json()

    assert [visit["reference"] for visit in copy["bookings"]] == [booking.reference]
    assert [paid["booking_reference"] for paid in copy["payments"]] == [booking.reference]


@pytest.mark.django_db
def test_the_copy_holds_the_reasons_the_customer_gave_and_not_those_of_others():
    """PR01"""
    person, manager = UserFactory(), UserFactory()
    booking = BookingFactory(customer__user=person)
    save_as(booking, actor=manager, reason="Sara's sister calls too often")
    cancel_booking(actor=person, booking_id=booking.pk, by=Booking.CancelledBy.CUSTOMER, reason="I am ill")

    copy = export_own_data(person)

    assert [(change["status"], change["reason"]) for change in copy["booking_changes"]] == [("cancelled", "I am ill")]
    assert "sister" not in str(copy)
