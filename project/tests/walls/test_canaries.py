"""Every text of another salon carries a mark, and nothing that reaches the people of ours holds it.

Each test has its control: whoever may see the other salon does see the mark there, so the search for it can fail.
"""

from dataclasses import fields
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from apps.accounts.roles import SalonRole
from apps.accounts.tests.factories import OwnerFactory
from apps.bookings.models import Booking
from apps.common.admin.transfer import ExportableModelAdmin, ImportableModelAdmin
from apps.notifications import services
from apps.notifications.handlers import SUBSCRIPTIONS
from apps.notifications.models import Kind, Notification
from apps.payments.models import Payment, Refund
from apps.salons.models import Customer, Salon, Service, Staff, TimeOff
from project.tests.test_admin_walls import doors, text_of
from project.tests.two_salons import MARK, PHONE, WORD, member, shown_models, two_salons
from project.tests.walls import inventory
from project.tests.walls.calls import call, open_the_salon
from project.tests.walls.client import Caller, undone
from project.tests.walls.inventory import MACHINE, OPERATIONS
from project.tests.walls.people import token_of

pytestmark = pytest.mark.django_db
STAFF_ROLES = [SalonRole.MANAGER, SalonRole.RECEPTIONIST, SalonRole.STYLIST]
# The list of salons is there for everybody to read, and so is its search.
OF_ALL_SALONS = {"salon-list"}


@pytest.fixture(autouse=True)
def nobody_is_called(settings):
    settings.MOYASAR_BASE_URL = "http://127.0.0.1:9/v1"


@pytest.fixture
def world():
    return two_salons()


def marked(text):
    return MARK in text.lower() or PHONE[1:] in text


def signed_in(person):
    client = Caller()
    client.force_login(person)
    return client


def page(model, name, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def posts(world, model):
    """`(address, form)` of what a curious person sends: forms that fail, on own rows and on those of others."""
    model_admin = admin.site.get_model_admin(model)
    keys = {relation.name: row.pk for relation, row in _far_ends(world, model)}
    yield page(model, "add"), {}
    yield page(model, "add"), keys
    for rows in (world.ours, world.theirs):
        key = rows[model].pk
        for name in ("change", "delete", "history"):
            yield page(model, name, key), keys
        yield page(model, "changelist"), {"action": "delete_selected", "_selected_action": key}
        yield page(model, "changelist"), {"action": "nonsense", "_selected_action": key}
        for name, place in inventory.buttons(model_admin).items():
            if place != "list":
                yield page(model, name, key), {**keys, "reason": ""}
        if isinstance(model_admin, ExportableModelAdmin):
            for file_format in ("0", "1", "9"):
                yield page(model, "export"), {"format": file_format, "resource": "0", "export_items": [key]}
                yield f"{page(model, 'export')}?q={WORD}", {"format": file_format, "resource": "0"}
    if isinstance(model_admin, ImportableModelAdmin):
        yield page(model, "import"), {"salon": world.theirs[Salon].pk, "format": "0", "resource": "0"}
        yield page(model, "process_import"), {"salon": world.theirs[Salon].pk, "import_file_name": "x"}


def _far_ends(world, model):
    """The relations of `model` with the row of the other salon that each of them could be made to point to."""
    for relation in model._meta.get_fields():
        if relation.is_relation and not relation.auto_created and relation.related_model in world.theirs:
            yield relation, world.theirs[relation.related_model]


def seen(client, world, models=None):
    """Where in the back office, or on the pages of `models`, `client` reads the mark."""
    found = []
    for model in models or shown_models():
        for address in doors(world, model):
            found += [address] if marked(text_of(client.get(address))) else []
        for address, form in posts(world, model):
            with undone():
                found += [f"POST {address}"] if marked(text_of(client.post(address, form))) else []
    others = [reverse("admin:index"), f"{reverse('admin:search')}?s={WORD}", "/admin/nowhere/", "/admin/salons/"]
    others += [f"{page(Booking, 'why_not_action')}?salon={world.theirs[Salon].pk}&service={world.theirs[Service].pk}"]
    return found + [address for address in others if marked(text_of(client.get(address)))]


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_no_page_form_or_file_of_the_back_office_holds_a_byte_of_another_salon(world, role):
    assert seen(signed_in(member(world.ours[Salon], role)), world) == []


def test_control_the_owner_reads_the_mark_on_pages_and_in_files(world):
    found = seen(signed_in(OwnerFactory()), world, [Booking, Customer, Service, Staff])

    assert len([address for address in found if not address.startswith("POST")]) >= 20
    assert len([address for address in found if address.startswith("POST") and "/export/" in address]) >= 16
    assert any(address.endswith("/change/") and address.startswith("POST") for address in found)


def test_a_report_about_a_file_tells_nothing_of_the_same_code_elsewhere(world):
    """Both salons sell under K-77; the preview compares the file with what the own salon has."""
    Service.objects.filter(pk=world.theirs[Service].pk).update(code="K-77")
    Service.objects.filter(pk=world.ours[Service].pk).update(code="K-78")

    def report(salon):
        file = SimpleUploadedFile("list.csv", b"code,category_en,name_en,price,duration\nK-77,Hair,Cut,120,30\n")
        form = {"resource": "0", "format": "0", "salon": salon.pk, "import_file": file}
        answer = signed_in(member(salon)).post(page(Service, "import"), form)
        assert answer.status_code == 200
        return text_of(answer)

    assert "K-77" in report(world.ours[Salon])
    assert not marked(report(world.ours[Salon]))
    # Control: at home the preview shows the old name.
    assert marked(report(world.theirs[Salon]))


def heard(client, rows):
    """`{operation}` whose answer about `rows` holds the mark."""
    found = set()
    for name, allowed in OPERATIONS.items():
        for method, who in allowed.items():
            if who != MACHINE and name not in OF_ALL_SALONS:
                with undone():
                    found |= {f"{method} {name}"} if marked(text_of(call(rows, name, method).send(client))) else set()
    return found


def test_no_answer_of_the_api_about_our_salon_holds_a_byte_of_another(world):
    for rows in (world.ours, world.theirs):
        open_the_salon(rows)
    Booking.objects.filter(pk=world.theirs[Booking].pk).update(note=f"{MARK} secret")
    ours = Caller(headers={"Authorization": token_of(world.ours[Customer].user)})
    theirs = Caller(headers={"Authorization": token_of(world.theirs[Customer].user)})

    assert heard(ours, world.ours) == set()
    # What is theirs by its address is missing, whatever is done to it.
    private = {name for name, allowed in OPERATIONS.items() if set(allowed.values()) == {inventory.OWNER_OF_ROW}}
    answers = [call(world.theirs, name, method).send(ours) for name in sorted(private) for method in OPERATIONS[name]]
    assert {answer.status_code for answer in answers} == {404}
    assert not any(marked(text_of(answer)) for answer in answers)
    assert heard(theirs, world.theirs) >= {"GET booking-list", "GET booking-detail", "GET me", "GET salon-services"}


def facts(rows):
    """Every fact that customers are told about, of these rows."""
    known = {"booking_id": rows[Booking].pk, "payment_id": rows[Payment].pk, "refund_id": rows[Refund].pk}
    known |= {"fee_amount": Decimal("0.00"), "fee": Decimal("0.00"), "by": None, "actor_id": None, "reason": ""}
    known |= {"user_id": rows[Customer].user_id, "old_phone": rows[Customer].user.phone}
    for kind in SUBSCRIPTIONS:
        given = {one.name: known[one.name] for one in fields(kind) if one.name in known}
        yield kind(**{**{one.name: None for one in fields(kind)}, **given})


def told(rows):
    """Every text that the people of these rows are sent: after each fact, and as a reminder."""
    earlier = list(Notification.objects.values_list("pk", flat=True))
    # One message of a kind per version of a booking; the example row took the first.
    for version, status in ((2, Booking.Status.PENDING), (3, Booking.Status.CONFIRMED)):
        Booking.objects.filter(pk=rows[Booking].pk).update(version=version, status=status)
        for fact in facts(rows):
            SUBSCRIPTIONS[type(fact)](fact)
    booking = Booking.objects.get(pk=rows[Booking].pk)
    booking.place(staff=booking.staff, starts_at=timezone.now() + timedelta(hours=30))
    booking.save()
    services.plan_reminders()
    return list(Notification.objects.filter(salon=rows[Salon]).exclude(pk__in=earlier))


def test_no_message_to_our_people_holds_a_byte_of_another_salon(world):
    ours, theirs = told(world.ours), told(world.theirs)

    assert {message.kind for message in ours} == set(Kind.values)
    assert [message.kind for message in ours if marked(f"{message.body} {message.recipient}")] == []
    assert {message.recipient for message in ours} == {world.ours[Customer].user.phone}
    assert any(MARK in message.body for message in theirs)


def test_what_was_read_once_is_gone_with_the_role(world):
    """Rows 92 and 94: pages, search, first page and lookups right after the membership ended, in the same session."""
    person = member(world.theirs[Salon])
    client = signed_in(person)
    assert seen(client, world, [Customer, Service, Staff])

    person.memberships.update(salon=world.ours[Salon])

    assert seen(client, world) == []


def test_recent_actions_name_nothing_after_the_role_ended(world):
    """Row 92, by what the first page says."""
    person = member(world.theirs[Salon])
    client = signed_in(person)
    row = world.theirs[TimeOff]
    client.post(page(TimeOff, "delete", row.pk), {"post": "yes"})
    client.post(page(Staff, "change", world.theirs[Staff].pk), {"name_en": "x"})

    person.memberships.update(salon=world.ours[Salon])

    assert not marked(text_of(client.get(reverse("admin:index"))))
