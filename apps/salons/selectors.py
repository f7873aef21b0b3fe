"""Reads of the public catalogue: named tuples of what is shown, because instances cost more than the rows."""

from collections import defaultdict

from django.db.models import Avg, Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from apps.salons.models import Customer, Review, Salon, Service, Staff, StaffService

PUBLISHED = Q(is_published=True)
NAME = ["name_ar", "name_en"]
RATED = ["rating", "review_count"]
SALON = ["slug", *NAME, "city", "audience", "address", "phone", "timezone", "offers_home_service", "confirmation"]
SALON += ["deposit_percent", "free_cancellation_hours", "late_cancellation_percent", "logo", "cover", *RATED]
SERVICE = ["public_id", *NAME, "description_ar", "description_en", "duration_minutes", "price_amount"]
SERVICE += ["category__public_id", "category__name_ar", "category__name_en"]
STAFF = ["pk", "public_id", *NAME, "title_ar", "title_en", "photo", *RATED]
OFFER = ["staff_id", "service__public_id", "duration_minutes", "price_amount"]
OFFER += ["service__duration_minutes", "service__price_amount"]
REVIEW = ["rating", "comment", "created_at", "customer__user__name"]
REVIEW += ["service__name_ar", "service__name_en", "staff__name_ar", "staff__name_en"]


def listed_salons():
    """Salons that customers see, as rows of `SALON`, with `rating` (or None) and `review_count`."""
    return _rated(Salon.objects.listed(), by="salon").values_list(*SALON, named=True)


def bookable_services(salon):
    """What `salon` sells online, as rows of `SERVICE`."""
    return Service.objects.bookable().filter(salon=salon).values_list(*SERVICE, named=True)


def bookable_staff(salon, service=None):
    """Who takes bookings in `salon`, or who of them does `service`, as rows of `STAFF`.

    They have `rating` (or None) and `review_count`, as salons do.
    """
    staff = _rated(Staff.objects.filter(salon=salon, is_active=True), by="staff")
    if service is not None:
        staff = staff.filter(staff_services__service=service)
    return staff.values_list(*STAFF, named=True)


def offers_of(staff_ids):
    """`{staff id: rows of OFFER}` of those who do something, as each of them does it."""
    offered = StaffService.objects.filter(service__is_active=True, service__category__is_active=True)
    offers = defaultdict(list)
    for offer in offered.filter(staff__in=staff_ids).values_list(*OFFER, named=True):
        offers[offer.staff_id].append(offer)
    return offers


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
