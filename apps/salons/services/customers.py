"""What a salon does with the cards it keeps of its customers."""

from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.errors import PersonErased
from apps.accounts.models import User
from apps.accounts.services.profile import adopt_stricter_consent, update_profile
from apps.common.errors import Conflict, Forbidden, Missing
from apps.common.fields import validate_phone
from apps.common.history import delete_as, insert_unless, save_as
from apps.common.locks import lock
from apps.common.statements import compiled
from apps.common.transactions import use_case
from apps.salons.access import has_role
from apps.salons.blocks import keep_block, was_blocked
from apps.salons.consequences import visits
from apps.salons.errors import CardsOfTwoSalons, CustomerCardExists, SameCard, WorksHere
from apps.salons.models import CardMerge, Customer, Review

ONE_CARD = "salons_customer_one_card"


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


def keep_customer_card(card, *, actor):
    """Store `card`, which `customer_card_of` made. Returns the one somebody else opened in this moment, if there is."""
    if insert_unless(card, rule=ONE_CARD, actor=actor):
        return card
    return _card.first(salon=card.salon_id, person=card.user_id)


@compiled
def _card(*, salon, person):
    return Customer.objects.filter(salon=salon, user=person).order_by()


@transaction.atomic
def change_customer_card(card, *, actor):
    """Store what the desk changed on `card`.

    Raises PersonErased, and Conflict when the card was changed or merged since it was read.
    """
    lock(exclusive=[("person", card.user_id)])
    ensure_not_erased(card.user)
    if not Customer.objects.filter(pk=card.pk, updated_at=card.updated_at).exists():
        raise Conflict
    return save_as(card, actor=actor)


@use_case
def merge_customers(*, actor, card_id, into_id, reason):
    """Two cards of a salon are of one customer: what hangs on `card_id` goes to `into_id`, and the former is gone.

    Visits with their money and messages, reviews and notes move. A block outweighs none, and a no to promotional
    messages a yes. Both people keep their accounts, which other salons know. Returns the CardMerge.

    Raises: Missing, SameCard, CardsOfTwoSalons, Forbidden, WorksHere, PersonErased; Conflict when one of the cards went
    meanwhile.
    """
    card, into = _lock_cards(card_id, into_id)
    _ensure_mergeable(card, into, actor=actor)

    merge = CardMerge.objects.create(
        salon=into.salon,
        card=into,
        merged_card=card.pk,
        person=card.user,
        bookings=visits().hand_over(card, into, actor=actor, reason=reason),
        reason=reason,
        actor=actor,
    )
    for review in Review.objects.filter(customer=card):
        review.customer = into
        save_as(review, actor=actor, reason=reason, update_fields=["customer"])
    CardMerge.objects.filter(card=card).update(card=into)
    adopt_stricter_consent(person=into.user, other=card.user, actor=actor)
    _take_over(card, into, actor=actor, reason=reason)
    return merge


def _lock_cards(*card_ids):
    people = Customer.objects.filter(pk__in=card_ids).values_list("user_id", flat=True)
    # Whoever books, opens or changes a card for them, and whoever erases one of them, comes before or after.
    lock(exclusive=[("person", person) for person in people])
    found = Customer.objects.select_related("salon", "user").in_bulk(card_ids)
    if missing := set(card_ids) - found.keys():
        raise Conflict if Customer.history.filter(id__in=missing).exists() else Missing
    return [found[pk] for pk in card_ids]


def _ensure_mergeable(card, into, *, actor):
    if card.pk == into.pk:
        raise SameCard
    if card.salon_id != into.salon_id:
        raise CardsOfTwoSalons
    if not actor.has_perm("salons.merge_customer", card):
        raise Forbidden
    for person in (card.user, into.user):
        ensure_not_erased(person)
        if has_role(person):
            raise WorksHere(person=str(person))


def _take_over(card, into, *, actor, reason):
    """Notes, block and the day they came first; then `card` is gone and a new one of its person is blocked as well."""
    into.notes = _joined_notes(card, into)
    into.is_blocked |= card.is_blocked
    into.created_at = min(into.created_at, card.created_at)
    save_as(into, actor=actor, reason=reason, update_fields=["notes", "is_blocked", "created_at"])
    delete_as(card, actor=actor, reason=reason)
    # After the last version of the card, which tells what stood on it.
    card.is_blocked = into.is_blocked
    keep_block(card)


def _joined_notes(card, into):
    if not card.notes:
        return into.notes
    day = timezone.localdate(timezone=ZoneInfo(card.salon.timezone))
    # A name and a date, because a sentence would stay in the language of whoever merged.
    added = f"[{card.user} · {day:%d/%m/%Y}]\n{card.notes}"
    return "\n\n".join(text for text in (into.notes, added) if text)


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
    """The person known by `phone` (E.164), registered by `actor` if nobody has it; one without a name gets `name`."""
    person = User.objects.filter(phone=phone).first()
    if person is None:
        try:
            with transaction.atomic():
                return User.objects.create_user(phone, name=name, actor=actor)
        except IntegrityError:
            # Signed up in this very moment.
            person = User.objects.get(phone=phone)
    if name and not person.name:
        person = update_profile(user=person, actor=actor, name=name)
    return person
