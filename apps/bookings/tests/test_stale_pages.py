"""A step chosen on a page that no longer shows the booking as it is."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from apps.bookings import services
from apps.bookings.errors import StalePage
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.salons.tests.factories import MembershipFactory, StaffServiceFactory

Status = Booking.Status


def confirm(house, step):
    return services.confirm_booking(**step)


def arrive(house, step):
    return services.mark_arrived(**step)


def complete(house, step):
    return services.complete_booking(**step)


def no_show(house, step):
    return services.mark_no_show(**step)


def cancel(house, step):
    return services.cancel_booking(by="salon", **step)


def move(house, step):
    return services.reschedule_booking(starts_at=house.at(30), **step)


def other_service(house, step):
    other = StaffServiceFactory(salon=house.salon, staff=house.staff[0]).service
    return services.change_service(service_id=other.pk, **step)


def lengthen(house, step):
    return services.change_duration(minutes=60, **{"reason": "Long hair", **step})


def undo(house, step):
    return services.undo_step(**{**step, "reason": "a slip"})


STEPS = {
    confirm: Status.PENDING,
    arrive: Status.CONFIRMED,
    complete: Status.ARRIVED,
    no_show: Status.CONFIRMED,
    cancel: Status.CONFIRMED,
    move: Status.CONFIRMED,
    other_service: Status.CONFIRMED,
    lengthen: Status.CONFIRMED,
    undo: Status.COMPLETED,
}


def visit(house, status, hours):
    house.service.refresh_from_db()
    return BookingFactory(
        salon=house.salon, service=house.service, staff=house.staff[0], starts_at=house.at(hours), status=status
    )


@pytest.mark.parametrize(("take", "status"), STEPS.items(), ids=[take.__name__ for take in STEPS])
def test_every_step_from_a_page_of_another_version_is_refused_and_nothing_is_written(house, take, status):
    booking = visit(house, status, -1 if take in (complete, no_show, undo) else 4)
    booking.history.update(history_user=house.manager)
    step = {"actor": house.manager, "booking_id": booking.pk}

    with pytest.raises(StalePage) as refused:
        take(house, {**step, "seen_version": 2})

    assert str(refused.value) == "You have changed this booking already. Look at it again."
    booking.refresh_from_db()
    assert (booking.status, booking.version, booking.history.count()) == (status, 1, 1)
    take(house, {**step, "seen_version": 1})
    booking.refresh_from_db()
    assert booking.version == 2


def test_the_refusal_names_who_was_faster_and_when(house):
    booking = visit(house, Status.PENDING, 4)
    services.confirm_booking(actor=house.manager, booking_id=booking.pk)
    colleague = MembershipFactory(salon=house.salon, role="receptionist").user

    with pytest.raises(StalePage) as refused:
        services.cancel_booking(actor=colleague, booking_id=booking.pk, by="salon", seen_version=1)
    with pytest.raises(StalePage) as own:
        services.cancel_booking(actor=house.manager, booking_id=booking.pk, by="salon", seen_version=1)

    assert str(refused.value) == f"{house.manager.name} changed this booking at 09:00. Look at it again."
    assert str(own.value) == "You have changed this booking already. Look at it again."


def test_a_change_made_by_the_system_names_nobody(house):
    booking = visit(house, Status.PENDING, 4)
    services.confirm_paid_booking(booking_id=booking.pk)

    with pytest.raises(StalePage) as refused:
        services.cancel_booking(actor=house.manager, booking_id=booking.pk, by="salon", seen_version=1)

    assert str(refused.value) == "Somebody changed this booking meanwhile. Look at it again."


def test_dialogs_of_the_page_carry_the_version_it_shows(client, house):
    booking = visit(house, Status.CONFIRMED, 4)
    client.force_login(house.manager)

    page = client.get(reverse("admin:bookings_booking_change", args=[booking.pk])).content.decode()

    for name in ("arrive", "reschedule", "service", "cancel"):
        address = reverse(f"admin:bookings_booking_{name}_action", args=[booking.pk])
        assert f'hx-get="{address}?version=1"' in page


def test_adm06_a_button_of_a_stale_page_is_refused_in_words(client, house):
    booking = visit(house, Status.CONFIRMED, 4)
    services.mark_arrived(actor=house.customer, booking_id=booking.pk)
    client.force_login(house.manager)
    client.cookies["django_language"] = "en"
    address = reverse("admin:bookings_booking_no_show_action", args=[booking.pk])

    answer = client.post(f"{address}?version=1", {"_form_submitted": "true", "reason": "nobody came"})

    told = [str(message) for message in get_messages(answer.wsgi_request)]
    assert told == ["Sara changed this booking at 09:00. Look at it again."]
    booking.refresh_from_db()
    assert (booking.status, booking.version) == (Status.ARRIVED, 2)


@pytest.mark.parametrize("said", ["", "x", "-1", "9" * 50, "١"], ids=["none", "word", "minus", "huge", "arabic"])
def test_a_version_that_is_none_is_as_good_as_no_page(client, house, said):
    booking = visit(house, Status.CONFIRMED, 4)
    client.force_login(house.manager)
    address = reverse("admin:bookings_booking_cancel_action", args=[booking.pk])

    answer = client.post(f"{address}?version={said}", {"_form_submitted": "true", "by": "salon", "reason": "closed"})

    booking.refresh_from_db()
    assert (answer.status_code, booking.status) == (200, Status.CANCELLED)
