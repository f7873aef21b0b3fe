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
from apps.salons.tests.factories import MembershipFactory
from project.tests.personal_data import somebody

# What a copy is made of, part by part; of these, `profile` is one and the rest are lists.
COLUMNS = {
    "profile": "id phone name locale marketing_consent created_at last_login",
    "codes": "channel network attempts created_at used_at",
    "sign_ins": "network created_at expires_at revoked_at revoked_reason",
    "data_requests": "kind source status created_at due_on note extension_reason answer answered_at",
    "earlier_profiles": "phone name locale marketing_consent is_active changed_at",
    "consents": "purpose is_granted source given_at",
    "copies": "file_format exported_at network",
    "repeatable_calls": "method path response_status created_at",
    "customer_cards": "notes is_blocked created_at salon_slug",
    "reviews": "rating comment is_published created_at salon_slug booking_reference",
    "bookings": "reference status source starts_at ends_at service_name_ar service_name_en price_amount vat_amount"
    " currency prepay_amount guest_name note override_reason cancelled_by cancellation_fee_amount created_at"
    " salon_slug staff_ar staff_en",
    "booking_changes": "reference status changed_at reason",
    "payments": "method status amount captured_amount refunded_amount currency created_at paid_at failure_reason"
    " gateway_payment_id booking_reference",
    "refunds": "amount status reason created_at settled_at booking_reference",
    "tax_documents": "kind number issued_at seller_name lines vat_rate qr_payload gross_amount net_amount vat_amount"
    " booking_reference",
    "messages": "kind channel recipient locale body status created_at sent_at delivered_at booking_reference",
}


@pytest.mark.django_db
def test_the_copy_says_of_every_row_what_the_product_keeps_of_it():
    person = somebody().person
    cancel_booking(actor=person, booking_id=BookingFactory(customer__user=person).pk, by=Booking.CancelledBy.CUSTOMER)

    copy = export_own_data(person)

    profile = copy["profile"]
    rows = {name: part[0] for name, part in copy.items() if isinstance(part, list)}
    assert {name: " ".join(row) for name, row in ({"profile": profile} | rows).items()} == COLUMNS
    assert [*copy] == ["generated_at", *COLUMNS]


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


@pytest.mark.django_db
def test_the_copy_of_somebody_who_works_in_a_salon_tells_nothing_of_its_customers():
    theirs = BookingFactory()
    manager = MembershipFactory(salon=theirs.salon).user
    cancel_booking(actor=manager, booking_id=theirs.pk, by=Booking.CancelledBy.SALON, reason="She called")

    copy = export_own_data(manager)

    assert (copy["bookings"], copy["booking_changes"]) == ([], [])
