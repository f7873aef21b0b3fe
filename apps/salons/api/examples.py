"""What the schema shows. `project/tests/test_api_schema.py` holds it against what it is an example of."""

SALON = {
    "slug": "reem",
    "name": "Reem Salon",
    "city": "Riyadh",
    "audience": "women",
    "address": "Tahlia Street 12",
    "phone": "+966112345678",
    "timezone": "Asia/Riyadh",
    "offers_home_service": False,
    "confirmation": "automatic",
    "deposit_percent": 100,
    "free_cancellation_hours": 24,
    "late_cancellation_percent": 50,
    "logo": "https://salons.example/media/0f1e2d3c4b5a69788796a5b4c3d2e1f0.webp",
    "cover": None,
    "rating": "4.67",
    "review_count": 12,
}
SERVICE = {
    "id": "d8b7c0c2-7e0c-4a39-9a55-0b6f1c2d3e4f",
    "name": "Haircut",
    "description": "Wash, cut and blow-dry.",
    "category": {"id": "a1b2c3d4-e5f6-4789-8abc-def012345678", "name": "Hair"},
    "duration_minutes": 45,
    "price": "130.00",
    "currency": "SAR",
}
STAFF = {
    "id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "name": "Anna",
    "title": "Expert",
    "photo": None,
    "rating": "4.80",
    "review_count": 5,
    "services": [{"id": SERVICE["id"], "duration_minutes": 60, "price": "150.00"}],
}
REVIEW = {
    "rating": 5,
    "comment": "Lovely",
    "author": "Sara",
    "service": "Haircut",
    "staff": "Anna",
    "created_at": "2026-11-30T12:00:00+03:00",
}
