"""Reads of the public catalogue."""

from django.db.models import Avg, Count, F, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce

from apps.salons.models import Customer, Review, Salon, Service, Staff, StaffService

PUBLISHED = Q(is_published=True)


def listed_salons():
    """Salons that customers see, with `rating` (or None) and `review_count`."""
    return _rated(Salon.objects.listed(), by="salon")


def bookable_services(salon):
    """What `salon` sells online, with the category."""
    return Service.objects.bookable().filter(salon=salon).select_related("category")


def bookable_staff(salon, service=None):
    """Who takes bookings in `salon`, or who of them does `service`; each with its services as `offered`.

    They have `rating` (or None) and `review_count`, as salons do.
    """
    staff = _rated(Staff.objects.filter(salon=salon, is_active=True), by="staff")
    if service is not None:
        staff = staff.filter(staff_services__service=service)
    offered = StaffService.objects.filter(service__is_active=True, service__category__is_active=True)
    return staff.prefetch_related(Prefetch("staff_services", offered.select_related("service"), to_attr="offered"))


def _rated(rows, *, by):
    """`rows` with the mean of the published reviews that point to them by the field `by`, and how many these are."""
    reviews = Review.objects.filter(PUBLISHED, **{by: OuterRef("pk")}).order_by().values(by)
    return rows.annotate(
        rating=Subquery(reviews.values(value=Avg("rating"))),
        review_count=Coalesce(Subquery(reviews.values(value=Count("pk"))), 0),
    )


def published_reviews(salon):
    """Reviews shown to customers, newest first."""
    return Review.objects.filter(PUBLISHED, salon=salon).select_related("customer__user", "service", "staff")


def own_cards(person):
    """What the salons keep on their cards of a person, as plain values."""
    cards = Customer.objects.filter(user=person)
    return list(cards.values("notes", "is_blocked", "created_at", salon_slug=F("salon__slug")))


def own_reviews(person):
    """What a person said after their visits, as plain values, newest first."""
    reviews = Review.objects.filter(customer__user=person)
    fields = ("rating", "comment", "is_published", "created_at")
    return list(reviews.values(*fields, salon_slug=F("salon__slug"), booking_reference=F("booking__reference")))
