"""What the public catalogue says, word for word, and how far its lists go."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from apps.accounts.tests.factories import UserFactory
from apps.common.api import pagination
from apps.salons.models import Review
from apps.salons.tests.factories import (
    CustomerFactory,
    ReviewFactory,
    ServiceCategoryFactory,
    ServiceFactory,
    StaffFactory,
    StaffServiceFactory,
)

pytestmark = pytest.mark.django_db
RIYADH = ZoneInfo("Asia/Riyadh")


@pytest.fixture
def get(client, salon):
    def ask(place, language="en", status=200):
        address = f"/api/v1/salons/{place.format(slug=salon.slug)}"
        answer = client.get(address, headers={"accept-language": language})
        assert answer.status_code == status, answer.content
        return answer.json()

    return ask


@pytest.fixture
def service(salon):
    category = ServiceCategoryFactory(salon=salon, name_ar="قص", name_en="Cuts")
    return ServiceFactory(
        salon=salon,
        category=category,
        name_ar="قص شعر",
        name_en="Haircut",
        description_ar="مع غسيل",
        price_amount=Decimal("130.00"),
    )


def test_a_salon_is_told_whole_and_in_the_readers_language(get, salon, service):
    salon.city, salon.address, salon.logo = "jeddah", "Tahlia Street", "a" * 32 + ".webp"
    salon.save()
    for rating in (5, 4, 4):
        ReviewFactory(salon=salon, rating=rating)
    ReviewFactory(salon=salon, rating=1, is_published=False)
    whole = {
        "slug": salon.slug,
        "name": salon.name_en,
        "city": "Jeddah",
        "audience": "women",
        "address": "Tahlia Street",
        "phone": "",
        "timezone": "Asia/Riyadh",
        "offers_home_service": False,
        "confirmation": "automatic",
        "deposit_percent": 100,
        "free_cancellation_hours": 24,
        "late_cancellation_percent": 50,
        "logo": f"http://testserver/media/{'a' * 32}.webp",
        "cover": None,
        "rating": "4.33",
        "review_count": 3,
    }

    assert get("{slug}/") == whole
    assert get("") == {"count": 1, "next": None, "previous": None, "results": [whole]}
    arabic = {**whole, "name": salon.name_ar, "city": "جدة"}
    assert get("{slug}/", language="ar") == arabic


def test_a_service_is_told_whole_and_in_the_readers_language(get, service):
    whole = {
        "id": str(service.public_id),
        "name": "Haircut",
        "description": "مع غسيل",
        "category": {"id": str(service.category.public_id), "name": "Cuts"},
        "duration_minutes": 45,
        "price": "130.00",
        "currency": "SAR",
    }

    assert get("{slug}/services/")["results"] == [whole]
    arabic = {**whole, "name": "قص شعر", "category": {**whole["category"], "name": "قص"}}
    assert get("{slug}/services/", language="ar")["results"] == [arabic]


def test_people_are_told_with_what_they_do_at_their_own_terms(get, salon, service):
    other = ServiceFactory(salon=salon, category=service.category, price_amount=Decimal("90.00"))
    gone = ServiceFactory(salon=salon, category=service.category, is_active=False)
    anna = StaffFactory(salon=salon, name_en="Anna", title_ar="خبيرة", title_en="Expert", photo=f"{'b' * 32}.webp")
    idle = StaffFactory(salon=salon, name_en="Idle")
    StaffServiceFactory(salon=salon, staff=anna, service=other)
    StaffServiceFactory(salon=salon, staff=anna, service=gone)
    own = {"price_amount": Decimal("150.00"), "duration_minutes": 60}
    StaffServiceFactory(salon=salon, staff=anna, service=service, **own)
    ReviewFactory(salon=salon, staff=anna, service=service, rating=4)

    expert = {
        "id": str(anna.public_id),
        "name": "Anna",
        "title": "Expert",
        "photo": f"http://testserver/media/{'b' * 32}.webp",
        "rating": "4.00",
        "review_count": 1,
        "services": [
            {"id": str(service.public_id), "duration_minutes": 60, "price": "150.00"},
            {"id": str(other.public_id), "duration_minutes": 45, "price": "90.00"},
        ],
    }
    newcomer = {"id": str(idle.public_id), "name": "Idle", "title": "", "photo": None}
    newcomer |= {"rating": None, "review_count": 0, "services": []}
    assert get("{slug}/staff/")["results"] == [expert, newcomer]
    assert get("{slug}/staff/?service=" + str(other.public_id))["results"] == [expert]


def test_a_review_tells_the_first_name_of_its_author_only(get, salon, service):
    author = CustomerFactory(salon=salon, user=UserFactory(name="Sara Al Harbi"))
    review = ReviewFactory(salon=salon, customer=author, service=service, rating=4, comment="Lovely")
    noon = datetime(2026, 11, 30, 12, tzinfo=RIYADH)
    Review.objects.update(created_at=noon)

    assert get("{slug}/reviews/")["results"] == [
        {
            "rating": 4,
            "comment": "Lovely",
            "author": "Sara",
            "service": "Haircut",
            "staff": review.staff.name_en,
            "created_at": "2026-11-30T12:00:00+03:00",
        }
    ]


@pytest.mark.parametrize("page", ["0", "-1", "4", "x", "1.5", "9" * 5000, "1e9", "NaN", "٩٩"])
def test_a_page_that_is_not_there_is_missing_whatever_it_is_called(get, service, page):
    answer = get("{slug}/services/?page=" + page, status=404)

    assert [error["code"] for error in answer["errors"]] == ["not_found"]


@pytest.mark.parametrize(
    ("size", "rows"), [("2", 2), ("0", 25), ("-1", 25), ("x", 25), ("9" * 400, 100), ("9" * 5000, 25)]
)
def test_a_page_has_a_hundred_rows_at_most_whatever_is_asked(get, salon, service, size, rows):
    ServiceFactory.create_batch(110, salon=salon, category=service.category)

    answer = get("{slug}/services/?page_size=" + size)

    assert (len(answer["results"]), answer["count"]) == (rows, 111)


@pytest.mark.parametrize("place", ["", "{slug}/services/", "{slug}/staff/", "{slug}/reviews/"])
def test_a_field_that_a_list_does_not_know_is_refused(get, service, place):
    refused = get(f"{place}?pagesize=5", status=400)

    assert refused["errors"] == [{"code": "unknown_field", "detail": "This field is not known.", "attr": "pagesize"}]
    assert get(f"{place}?page=%00", status=400)["errors"][0]["code"] == "null_characters_not_allowed"
    assert get(f"{place}?page=1&page_size=5")["next"] is None


def test_a_list_ends_where_a_page_would_cost_too_much(get, salon, service, monkeypatch):
    monkeypatch.setattr(pagination, "DEEPEST", 4)
    ServiceFactory.create_batch(6, salon=salon, category=service.category)

    first, last = get("{slug}/services/?page_size=3"), get("{slug}/services/?page_size=3&page=2")

    assert (first["count"], len(first["results"]), len(last["results"]), last["next"]) == (4, 3, 1, None)
    assert get("{slug}/services/?page_size=3&page=3", status=404)["errors"][0]["code"] == "not_found"
