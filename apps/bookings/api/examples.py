"""What the schema shows. `project/tests/test_api_schema.py` holds it against what it is an example of."""

from apps.salons.api.examples import SERVICE, STAFF

STARTS, ENDS = "2026-12-03T14:00:00+03:00", "2026-12-03T14:45:00+03:00"
SLOTS = {
    "timezone": "Asia/Riyadh",
    "slots": [{"starts_at": STARTS, "ends_at": ENDS, "staff": [STAFF["id"]]}],
}
BOOKING_REQUEST = {"service": SERVICE["id"], "staff": STAFF["id"], "starts_at": STARTS, "note": "By the window"}
RESCHEDULE_REQUEST = {"starts_at": "2026-12-04T14:00:00+03:00"}
CANCEL_REQUEST = {"reason": "I travel"}
REVIEW_REQUEST = {"rating": 5, "comment": "Lovely"}
PERSON, PRICE = {"id": STAFF["id"], "name": "Anna"}, {"amount": "130.00", "currency": "SAR", "vat": "16.96"}
BOOKING = {
    "id": "7d9f2a4e-1b3c-4d5e-8f60-718293a4b5c6",
    "reference": "RE-4K7P",
    "status": "confirmed",
    "salon": {"slug": "reem", "name": "Reem Salon"},
    "service": {"id": SERVICE["id"], "name": "Haircut"},
    "staff": PERSON,
    "starts_at": STARTS,
    "ends_at": ENDS,
    "price": PRICE,
    "note": "By the window",
    "guest_name": "",
    "hold_expires_at": None,
    "can_cancel_until": STARTS,
    "can_reschedule_until": "2026-12-02T14:00:00+03:00",
    "cancellation_fee": "0.00",
    "review": None,
}
QUOTE = {
    "quote": "eyJzIjoxfQ:1vLabc:c2lnbmF0dXJl",
    "expires_at": "2026-11-30T12:15:00+03:00",
    "staff": PERSON,
    "starts_at": STARTS,
    "ends_at": ENDS,
    "price": PRICE,
    "prepay": "0.00",
    "free_cancellation_until": "2026-12-02T14:00:00+03:00",
    "late_cancellation_fee": "65.00",
}
