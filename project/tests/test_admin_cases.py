"""Cases of the admin about rights and history, by their numbers."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.apps import apps
from django.contrib import admin
from django.core.management import call_command
from django.urls import reverse

from apps.accounts.roles import SalonRole
from apps.accounts.services import issue_tokens
from apps.accounts.tests.factories import OwnerFactory
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.common.testing.queries import queries_of
from apps.payments.models import Payment
from apps.salons.models import Salon, Service, ServiceCategory
from apps.salons.tests.factories import SalonFactory, ServiceCategoryFactory, ServiceFactory
from project.tests.two_salons import MARK, WORD, every_row, member, shown_models, two_salons
from project.tests.walls.client import everything
from project.tests.walls.test_foreign_keys import as_shown, forms

pytestmark = pytest.mark.django_db


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_adm01_a_receptionist_finds_no_door_to_a_booking_of_another_salon(client):
    world = two_salons()
    person = member(world.ours[Salon], SalonRole.RECEPTIONIST)
    client.force_login(person)
    theirs = world.theirs[Booking]
    asked = {"app_label": "bookings", "model_name": "booking", "field_name": "customer", "term": WORD}
    selected = {"action": "delete_selected", "_selected_action": [theirs.pk], "post": "yes"}
    before = everything()

    listed = client.get(url(Booking, "changelist"), {"q": theirs.reference})
    filtered = client.get(url(Booking, "changelist"), {"staff__id__exact": theirs.staff_id})

    assert client.get(url(Booking, "change", theirs.pk)).headers["Location"] == reverse("admin:index")
    assert client.get(url(Booking, "history", theirs.pk)).status_code == 404
    assert client.post(url(Booking, "cancel_action", theirs.pk), {"reason": "x"}).status_code == 403
    assert client.post(url(Booking, "export"), {"format": 1, "resource": "0"}).status_code == 403
    assert client.get(reverse("admin:autocomplete"), asked).json()["results"] == []
    assert list(listed.context["cl"].result_list) == []
    # A filter that names nobody here leads back to the plain list.
    assert list(filtered.context["cl"].result_list) == [world.ours[Booking]]
    assert MARK not in client.post(url(Booking, "changelist"), selected).content.decode()
    token = {"Authorization": f"Bearer {issue_tokens(user=person).access}"}
    before = everything()
    assert client.get(f"/api/v1/bookings/{theirs.pk}/", headers=token).status_code == 404
    assert everything() == before


def test_adm04_of_two_hundred_selected_rows_those_out_of_sight_stay_and_the_report_counts_the_others(client):
    ours, theirs = SalonFactory(), SalonFactory()
    own = ServiceCategoryFactory.create_batch(197, salon=ours)
    foreign = ServiceCategoryFactory.create_batch(3, salon=theirs)
    client.force_login(member(ours))
    form = {"action": "delete_selected", "_selected_action": [row.pk for row in (*own, *foreign)]}

    question = client.post(url(ServiceCategory, "changelist"), form)
    done = client.post(url(ServiceCategory, "changelist"), {**form, "post": "yes"}, follow=True)

    assert len(question.context["queryset"]) == 197
    assert [str(message) for message in done.context["messages"]] == ["Successfully deleted 197 categories."]
    assert list(ServiceCategory.objects.order_by("pk")) == foreign


def test_adm04_when_one_selected_row_is_needed_elsewhere_none_is_deleted_and_it_is_named(client):
    salon = SalonFactory()
    free = ServiceCategoryFactory.create_batch(3, salon=salon)
    needed = ServiceFactory(salon=salon, name_en="Needs its heading").category
    client.force_login(member(salon))
    form = {"action": "delete_selected", "_selected_action": [row.pk for row in (*free, needed)], "post": "yes"}

    answer = client.post(url(ServiceCategory, "changelist"), form)

    assert "Needs its heading" in answer.content.decode()
    assert ServiceCategory.objects.count() == 4


def test_adm07_every_row_of_a_bulk_delete_leaves_a_line_with_its_actor(client):
    salon = SalonFactory()
    rows = ServiceCategoryFactory.create_batch(3, salon=salon)
    manager = member(salon)
    client.force_login(manager)
    form = {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "post": "yes"}

    client.post(url(ServiceCategory, "changelist"), form)

    left = ServiceCategory.history.filter(history_type="-")
    assert {(line.id, line.history_user) for line in left} == {(row.pk, manager) for row in rows}


def test_adm07_a_customer_stands_in_the_history_of_what_the_api_changed(client):
    booking = BookingFactory()
    person = booking.customer.user
    token = {"Authorization": f"Bearer {issue_tokens(user=person).access}"}

    answer = client.post(
        f"/api/v1/bookings/{booking.pk}/cancel/", {"reason": "Ill"}, content_type="application/json", headers=token
    )

    line = booking.history.latest()
    assert answer.status_code == 200
    assert (line.status, line.history_user, line.history_change_reason) == ("cancelled", person, "Ill")


def test_adm07_a_pass_leaves_a_line_of_the_system():
    with time_machine.travel(datetime(2026, 11, 22, 9, tzinfo=ZoneInfo("Asia/Riyadh")), tick=False) as clock:
        held = BookingFactory(status="pending", hold_expires_at=datetime(2026, 11, 22, 7, tzinfo=ZoneInfo("UTC")))
        clock.shift(3 * 3600)
        call_command("expire_holds")

    line = held.history.latest()
    assert (line.status, line.history_user) == ("expired", None)
    assert held.history.count() == 2


def test_adm08_a_long_history_costs_what_a_short_one_costs(client):
    client.force_login(OwnerFactory())
    service = every_row()[Service]

    def lengthen(count):
        for number in range(count):
            service.price_amount = 200 + number
            service.save()

    lengthen(30)
    address = url(Service, "history", service.pk)
    queries_of(client, address)
    few = len(queries_of(client, address))
    lengthen(147)

    assert len(queries_of(client, address)) == few
    assert few <= 12


def test_adm09_saving_a_form_without_a_change_leaves_no_line(client):
    world = two_salons()
    client.force_login(member(world.ours[Salon]))
    client.is_owner = True
    asked = [model for model in shown_models() if admin.site.get_model_admin(model).keeps_history]
    before = {model: model.history.count() for model in asked}
    saved = []

    for address, shown in forms(client, world):
        answer = client.post(address, {**as_shown(shown, world), "_save": "x"})
        saved += [address] if answer.status_code == 302 else []

    assert len(saved) >= 8
    assert {model: model.history.count() for model in asked} == before


def test_adm11_nobody_deletes_a_line_of_the_history(client):
    client.force_login(OwnerFactory())
    service = every_row()[Service]
    line = service.history.first()
    histories = [model for model in apps.get_models() if model.__name__.startswith("Historical")]

    answers = [
        client.post(url(Service, "simple_history", service.pk, line.pk), {"post": "yes"}),
        client.post(f"/admin/salons/historicalservice/{line.pk}/delete/", {"post": "yes"}),
        client.delete(url(Service, "simple_history", service.pk, line.pk)),
    ]

    assert [answer.status_code for answer in answers] == [403, 404, 403]
    assert service.history.count() == 1
    assert [model for model in histories if model in admin.site._registry] == []
    assert len(histories) > 15


@pytest.mark.parametrize("hour", [0, 1, 2])
def test_adm19_the_first_hours_of_a_month_belong_to_it(client, hour):
    """Midnight to three in Riyadh is still the evening before by the clock that times are stored in."""
    client.force_login(OwnerFactory())
    moment = datetime(2026, 12, 1, hour, 30, tzinfo=ZoneInfo("Asia/Riyadh"))
    with time_machine.travel(moment, tick=False):
        booking = BookingFactory(starts_at=moment)
        payment = Payment.objects.create(salon=booking.salon, booking=booking, amount=50)

    def listed(model, field, first, last):
        if field == "starts_at":
            bounds = {f"{field}_from_0": first, f"{field}_from_1": "00:00", f"{field}_to_0": last}
            bounds[f"{field}_to_1"] = "23:59:59"
        else:
            bounds = {f"{field}_from": first, f"{field}_to": last}
        return list(client.get(url(model, "changelist"), bounds).context["cl"].result_list)

    for model, field, row in ((Booking, "starts_at", booking), (Payment, "created_at", payment)):
        assert listed(model, field, "2026-12-01", "2026-12-01") == [row]
        assert listed(model, field, "2026-12-01", "2026-12-31") == [row]
        assert listed(model, field, "2026-11-01", "2026-11-30") == []


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "abc", "2026-02-30", "", "٢٠٢٦-٠١-٠١"])
def test_a_day_that_is_none_narrows_no_list(client, day):
    client.force_login(OwnerFactory())
    booking = BookingFactory()
    payment = Payment.objects.create(salon=booking.salon, booking=booking, amount=50)

    days = client.get(url(Payment, "changelist"), {"created_at_from": day, "created_at_to": day})
    moment = {"starts_at_from_0": day, "starts_at_from_1": "00:00", "starts_at_to_0": day, "starts_at_to_1": "00:00"}
    moments = client.get(url(Booking, "changelist"), moment)

    assert list(days.context["cl"].result_list) == [payment]
    assert list(moments.context["cl"].result_list) == [booking]
