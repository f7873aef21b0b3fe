from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import override

from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.common.checks import check_guards
from apps.common.constraints import NoOverlap, SameSalon, missing_guards
from apps.common.models import Named
from apps.salons.models import Service, ServiceCategory
from apps.salons.models.base import SalonOwned
from apps.salons.tests.factories import SalonFactory, ServiceCategoryFactory, ServiceFactory


def beside(booking, **shift):
    """An unsaved booking of the same staff member, moved by `shift`."""
    return BookingFactory.build(
        salon=booking.salon,
        staff=booking.staff,
        service=booking.service,
        customer=booking.customer,
        booked_by=booking.booked_by,
        starts_at=booking.starts_at + timedelta(**shift),
    )


def refused(booking):
    """Whether the database refuses to store `booking` for its overlap."""
    with pytest.raises(IntegrityError, match="bookings_booking_no_overlap"), transaction.atomic():
        booking.save()
    return True


def as_migrations_know(model):
    """`model` as a migration would see it."""
    state = MigrationLoader(connection).project_state()
    return state.apps.get_model(model._meta.app_label, model._meta.model_name)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "minutes", [-44, -1, 0, 1, 44], ids=["AV04-head", "AV04-in", "AV04-equal", "AV04-in", "AV04-tail"]
)
def test_the_database_refuses_two_active_bookings_that_share_a_minute(minutes):
    booking = BookingFactory()

    assert refused(beside(booking, minutes=minutes))
    assert Booking.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", [-45, 45], ids=["AV03-before", "AV03-after"])
def test_touching_bookings_do_not_overlap(minutes):
    booking = BookingFactory()

    beside(booking, minutes=minutes).save()

    assert Booking.objects.count() == 2


@pytest.mark.django_db
def test_only_active_bookings_of_the_same_staff_member_occupy_time():
    booking = BookingFactory()
    cancelled = beside(booking)
    cancelled.status, cancelled.cancelled_by = Booking.Status.CANCELLED, Booking.CancelledBy.SALON
    cancelled.save()
    BookingFactory(salon=booking.salon, starts_at=booking.starts_at)

    assert Booking.objects.count() == 3


@pytest.mark.django_db
def test_moving_or_reviving_a_booking_into_an_occupied_time_is_refused():
    booking = BookingFactory()
    later = beside(booking, hours=2)
    later.save()
    later.place(staff=later.staff, starts_at=booking.starts_at)
    assert refused(later)

    gone = beside(booking)
    gone.status = Booking.Status.NO_SHOW
    gone.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.filter(pk=gone.pk).update(status=Booking.Status.CONFIRMED)
    assert Booking.objects.get(pk=gone.pk).status == Booking.Status.NO_SHOW


@pytest.mark.django_db
def test_a_form_says_in_arabic_that_the_time_is_taken():
    booking = beside(BookingFactory())

    with override("ar"), pytest.raises(ValidationError) as refusal:
        booking.validate_constraints()

    (error,) = refusal.value.error_dict["__all__"]
    assert error.code == "slot_taken"


@pytest.mark.django_db(transaction=True)
def test_no_row_can_point_into_another_salon():
    category = ServiceCategoryFactory()
    stranger = ServiceFactory.build(category=category, salon=SalonFactory())

    with pytest.raises(IntegrityError), transaction.atomic():
        stranger.save()
    assert Service.objects.count() == 0

    with override("en"), pytest.raises(ValidationError) as refusal:
        stranger.validate_constraints()
    assert refusal.value.message_dict == {"category": ["This belongs to another salon."]}


@pytest.mark.django_db(transaction=True)
def test_a_parent_cannot_move_to_another_salon_with_children_left_behind():
    service = ServiceFactory()
    elsewhere = SalonFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        ServiceCategory.objects.filter(pk=service.category_id).update(salon=elsewhere)

    assert ServiceCategory.objects.get(pk=service.category_id).salon_id == service.salon_id


@pytest.mark.django_db(transaction=True)
def test_the_overlap_rule_survives_a_rebuild_of_its_table():
    booking = BookingFactory()
    migrated = as_migrations_know(Booking)
    field = migrated._meta.get_field("source")
    wider = models.CharField(max_length=40)
    wider.set_attributes_from_name("source")

    with connection.schema_editor() as editor:
        editor.alter_field(migrated, field, wider, strict=True)
    try:
        assert missing_guards(connection, [Booking]) == []
        assert refused(beside(booking))
    finally:
        with connection.schema_editor() as editor:
            editor.alter_field(migrated, wider, field, strict=True)


@pytest.mark.django_db(transaction=True)
def test_a_lost_rule_is_reported_and_restored():
    migrated = as_migrations_know(Booking)
    rule = next(c for c in migrated._meta.constraints if isinstance(c, NoOverlap))
    lost = rule.guards(connection.vendor)
    with connection.cursor() as cursor:
        for name in lost:
            if connection.vendor == "sqlite":
                cursor.execute(f'DROP TRIGGER "{name}"')
            else:
                cursor.execute(f'ALTER TABLE bookings_booking DROP CONSTRAINT "{name}"')
    try:
        assert missing_guards(connection, [Booking]) == lost
        assert [error.id for error in check_guards(["default"])] == ["common.E001"] * len(lost)
    finally:
        with connection.schema_editor() as editor:
            if connection.vendor == "sqlite":
                # Any rebuild of the table brings its triggers back.
                editor.remove_constraint(migrated, rule)
            editor.add_constraint(migrated, rule)
    assert missing_guards(connection, apps.get_models()) == []


def test_every_key_between_rows_of_salons_carries_the_rule():
    unguarded = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if issubclass(model, SalonOwned)
        for field in model._meta.fields
        if field.is_relation
        and isinstance(field.remote_field.model, type)
        and issubclass(field.remote_field.model, SalonOwned)
        and field.name not in {rule.field for rule in model._meta.constraints if isinstance(rule, SameSalon)}
    ]
    assert unguarded == []


def test_every_named_row_carries_the_rule_that_it_has_a_name():
    nameless = [
        model._meta.label
        for model in apps.get_models()
        if issubclass(model, Named)
        and f"{model._meta.db_table}_has_name" not in {rule.name for rule in model._meta.constraints}
    ]
    assert nameless == []


@pytest.mark.django_db
def test_a_migrated_database_passes_its_own_check():
    call_command("check", databases=["default"])


@pytest.mark.django_db
def test_a_price_of_nothing_is_refused_by_the_database_and_explained_by_the_form():
    service = ServiceFactory.build(salon=SalonFactory(), price_amount=Decimal("0.00"))
    service.category = ServiceCategoryFactory(salon=service.salon)

    with override("en"), pytest.raises(ValidationError) as refusal:
        service.validate_constraints()
    assert refusal.value.messages == ["A price is greater than zero."]
    with pytest.raises(IntegrityError, match="salons_service_price"), transaction.atomic():
        service.save()


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_rule_can_say_why_it_refuses(language):
    """Django fills the rule's name into the sentence, so a bare percent sign in it would crash the form."""
    rules = [rule for model in apps.get_models() for rule in model._meta.constraints]

    with override(language):
        told = [rule.get_violation_error_message() for rule in rules]

    assert len(told) > 30
    assert all(told)
