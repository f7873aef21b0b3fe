"""Reads of the public catalogue: named tuples of what is shown, because instances cost more than the rows."""

from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import Avg, Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from apps.common.statements import OneOf, compiled
from apps.salons.models import Customer, Review, Salon, Service, Staff, StaffService

PUBLISHED = Q(is_published=True)
NAME = ["name_ar", "name_en"]
RATED = ["rating", "review_count"]
SALON = ["slug", *NAME, "city", "audience", "address", "phone", "timezone", "offers_home_service", "confirmation"]
SALON += ["deposit_percent", "free_cancellation_hours", "late_cancellation_percent", "logo", "cover", *RATED]
REVIEW = ["rating", "comment", "created_at", "customer__user__name"]
REVIEW += ["service__name_ar", "service__name_en", "staff__name_ar", "staff__name_en"]


class ServiceRow(NamedTuple):
    public_id: UUID
    name_ar: str
    name_en: str
    description_ar: str
    description_en: str
    duration_minutes: int
    price_amount: Decimal
    category__public_id: UUID
    category__name_ar: str
    category__name_en: str


class StaffRow(NamedTuple):
    id: int
    public_id: UUID
    name_ar: str
    name_en: str
    title_ar: str
    title_en: str
    photo: str
    rating: Decimal | float | None
    review_count: int


class OfferRow(NamedTuple):
    staff_id: int
    service__public_id: UUID
    duration_minutes: int | None
    price_amount: Decimal | None
    service__duration_minutes: int
    service__price_amount: Decimal


def listed_salons():
    """Salons that customers see, as rows of `SALON`, with `rating` (or None) and `review_count`."""
    return _rated(Salon.objects.listed(), by="salon").values_list(*SALON, named=True)


def listed_salon(slug):
    """The Salon that customers see under this address, or None."""
    return _listed_salon.first(slug=slug)


@compiled
def _listed_salon(*, slug):
    return Salon.objects.listed().filter(slug=slug)


def bookable_services(salon):
    """What `salon` sells online, a list of `ServiceRow`."""
    return [ServiceRow._make(row) for row in _bookable_services(salon=salon.pk)]


@compiled
def _bookable_services(*, salon):
    return Service.objects.bookable().filter(salon=salon).values_list(*ServiceRow._fields)


def bookable_staff(salon, service=None):
    """Who takes bookings in `salon`, or who of them does `service`, a list of `StaffRow`.

    They have `rating` (or None) and `review_count`, as salons do.
    """
    return [StaffRow._make(row) for row in _bookable_staff(salon=salon.pk, service=service and service.pk)]


@compiled
def _bookable_staff(*, salon, service):
    staff = _rated(Staff.objects.filter(salon=salon, is_active=True), by="staff")
    if service is not None:
        staff = staff.filter(staff_services__service=service)
    return staff.values_list(*StaffRow._fields)


def offers_of(staff_ids):
    """`{staff id: list of OfferRow}` of those who do something, as each of them does it."""
    offers = defaultdict(list)
    for row in _offers_of(staff=staff_ids):
        offer = OfferRow._make(row)
        offers[offer.staff_id].append(offer)
    return offers


@compiled
def _offers_of(*, staff):
    offered = StaffService.objects.filter(service__is_active=True, service__category__is_active=True)
    return offered.filter(OneOf("staff_id", staff)).values_list(*OfferRow._fields)


def _rated(rows, *, by):
    """`rows` with the mean of the published reviews that point to them by the field `by`, and how many these are."""
    reviews = Review.objects.filter(PUBLISHED, **{by: OuterRef("pk")}).order_by().values(by)
    return rows.annotate(
        rating=Subquery(reviews.values(value=Avg("rating"))),
        review_count=Coalesce(Subquery(reviews.values(value=Count("pk"))), 0),
    )


def published_reviews(salon):
    """Reviews shown to customers, as rows of `REVIEW`, newest first."""
    return Review.objects.filter(PUBLISHED, salon=salon).values_list(*REVIEW, named=True)


def own_cards(person):
    """What the salons keep on their cards of a person, as plain values."""
    cards = Customer.objects.filter(user=person)
    return list(cards.values("notes", "is_blocked", "created_at", salon_slug=F("salon__slug")))


def own_reviews(person):
    """What a person said after their visits, as plain values, newest first."""
    reviews = Review.objects.filter(customer__user=person)
    fields = ("rating", "comment", "is_published", "created_at")
    return list(reviews.values(*fields, salon_slug=F("salon__slug"), booking_reference=F("booking__reference")))
