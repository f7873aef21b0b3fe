"""What the schema shows. `project/tests/test_api_schema.py` holds it against what it is an example of."""

from apps.bookings.api.examples import BOOKING

PAYMENT_REQUEST: dict[str, object] = {}
PAYMENT = {
    "id": "9b2d7c1e-5f4a-4e3b-8a6d-0c1b2a3f4e5d",
    "status": "initiated",
    "amount": "130.00",
    "currency": "SAR",
    "payment_url": "https://checkout.moyasar.com/invoices/9b2d7c1e",
    "expires_at": "2026-11-30T12:15:00+03:00",
    "failure": None,
}
PAYABLE_BOOKING = {**BOOKING, "payment": PAYMENT, "amount_due": "130.00"}
WEBHOOK = {"id": "0e1d2c3b-4a59-4687-9786-a5b4c3d2e1f0", "type": "payment_paid", "secret_token": "shared-secret"}
