"""What the schema shows. `project/tests/test_api_schema.py` holds it against what it is an example of."""

OTP_REQUEST = {"phone": "0551234567", "channel": "sms"}
OTP_REQUESTED = {"challenge_id": "0198c6a4-7f1e-7c11-9d2a-5f0e6b0c7a11", "expires_in": 300, "resend_in": 60}
OTP_VERIFY = {"challenge_id": OTP_REQUESTED["challenge_id"], "code": "123456"}
ACCESS, REFRESH = "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.c2ln", "eyJhbGciOiJIUzI1NiJ9.eyJ0Ijoi.c2ln"
REFRESHING = {"refresh": REFRESH}
TOKENS = {"access": ACCESS, "refresh": REFRESH}
PROFILE = {
    "id": "5c0f7a52-2f0e-4b57-8b1b-6c7d3f0a9e21",
    "phone": "+966551234567",
    "name": "Sara",
    "locale": "en",
    "marketing_consent": False,
}
SIGNED_IN = {**TOKENS, "user": PROFILE}
PROFILE_CHANGE = {"name": "Sara", "locale": "en"}
DATA_REQUEST = {
    "kind": "erasure",
    "status": "open",
    "created_at": "2026-11-30T12:00:00+03:00",
    "due_on": "2026-12-30",
    "obstacles": [{"code": "booking_ahead", "detail": "A visit is still to come."}],
}
# Every app adds its part, and each is a list of plain objects.
PARTS = ["booking_changes", "bookings", "codes", "copies", "customer_cards", "data_requests", "earlier_profiles"]
PARTS += ["messages", "payments", "refunds", "repeatable_calls", "reviews", "sign_ins", "tax_documents"]
OWN_DATA = {
    "generated_at": "2026-11-30T12:00:00+03:00",
    "profile": {"phone": PROFILE["phone"], "name": "Sara"},
    "consents": [{"purpose": "marketing", "given": True}],
    **{part: [] for part in PARTS},
}
