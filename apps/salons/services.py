"""What a salon does with its own records."""

from django.db import IntegrityError, transaction

from apps.accounts.errors import PersonErased
from apps.accounts.models import User
from apps.accounts.services.profile import update_profile
from apps.common.fields import validate_phone
from apps.common.history import insert_unless, save_as
from apps.common.locks import lock
from apps.common.statements import compiled
from apps.salons.blocks import was_blocked
from apps.salons.errors import CustomerCardExists
from apps.salons.models import Customer

ONE_CARD = "salons_customer_one_card"


def lock_schedule(salon_id):
    """Hours, time off and people of the salon, for whoever changes them: until the commit nothing is booked in it."""
    lock(exclusive=[("schedule", salon_id)])


@transaction.atomic
def open_customer_card(*, actor, salon, phone, name="", notes="", is_blocked=False):
    """A new card of `salon` for the person with `phone` (any spelling), who is registered if nobody has it yet.

    A person known already keeps the name they go by; one without a name gets `name`. Raises CustomerCardExists.
    """
    person = person_with_phone(validate_phone(phone), name=name, actor=actor)
    # Who books for this person right now opens the card themselves.
    lock(exclusive=[("person", person.pk)])
    ensure_not_erased(person)

    card = Customer(salon=salon, user=person, notes=notes, is_blocked=is_blocked or was_blocked(salon, person))
    if not insert_unless(card, rule=ONE_CARD, actor=actor):
        raise CustomerCardExists
    return card


def customer_card_of(person, *, salon):
    """The card `salon` keeps of `person`; before their first visit one that is not stored yet."""
    card = _card.first(salon=salon.pk, person=person.pk)
    return card or Customer(salon=salon, user=person, is_blocked=was_blocked(salon, person))


@compiled
def _card(*, salon, person):
    return Customer.objects.filter(salon=salon, user=person).order_by()


@transaction.atomic
def change_customer_card(card, *, actor):
    """Store what the desk changed on `card`, unless its person was erased meanwhile: PersonErased."""
    lock(exclusive=[("person", card.user_id)])
    ensure_not_erased(card.user)
    return save_as(card, actor=actor)


def ensure_not_erased(person):
    """Raise PersonErased when the data of `person` were erased; under the person's lock that stays so."""
    if _erased.first(person=person.pk) is not None:
        raise PersonErased


@compiled
def _erased(*, person):
    return User.objects.filter(pk=person, erased_at__isnull=False).order_by().values_list("pk", flat=True)


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
