"""What a salon does with its own records."""

from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.accounts.services.profile import update_profile
from apps.common.fields import validate_phone
from apps.common.history import save_as
from apps.common.locks import lock
from apps.salons.errors import CustomerCardExists
from apps.salons.models import Customer


def lock_schedule(salon_id):
    """Hours, time off and people of the salon, for whoever changes them: until the commit nothing is booked in it."""
    lock(exclusive=[("schedule", salon_id)])


@transaction.atomic
def open_customer_card(*, actor, salon, phone, name="", notes="", is_blocked=False):
    """A new card of `salon` for the person with `phone` (any spelling), who is registered if nobody has it yet.

    A person known already keeps the name they go by; one without a name gets `name`. Raises CustomerCardExists.
    """
    person = person_with_phone(validate_phone(phone), name=name, actor=actor)

    ensure_no_card(salon, person)

    return _store_card(Customer(salon=salon, user=person, notes=notes, is_blocked=is_blocked), actor)


def customer_card_of(person, *, salon, actor):
    """The card `salon` keeps of `person`, opened now if this is their first visit."""
    card = Customer.objects.filter(salon=salon, user=person).first()
    if card is not None:
        return card
    try:
        return _store_card(Customer(salon=salon, user=person), actor)
    except CustomerCardExists:
        # Opened in this very moment by another booking of theirs.
        return Customer.objects.get(salon=salon, user=person)


def _store_card(card, actor):
    try:
        with transaction.atomic():
            return save_as(card, actor=actor)
    except IntegrityError as error:
        raise CustomerCardExists from error


def ensure_no_card(salon, person):
    """Raise CustomerCardExists when `salon` knows this person already."""
    if Customer.objects.filter(salon=salon, user=person).exists():
        raise CustomerCardExists


@transaction.atomic
def person_with_phone(phone, *, name="", actor):
    """The person known by `phone` (E.164), registered now if nobody has it; one without a name gets `name`."""
    person = User.objects.filter(phone=phone).first()
    if person is None:
        try:
            with transaction.atomic():
                return User.objects.create_user(phone, name=name)
        except IntegrityError:
            # Signed up in this very moment.
            person = User.objects.get(phone=phone)
    if name and not person.name:
        person = update_profile(user=person, actor=actor, name=name)
    return person
