"""What the modules about webhooks share: an event as the gateway posts it, and what was refused."""

import json

from apps.payments.models import WebhookEvent, WebhookRefusal
from apps.payments.tests.conftest import WEBHOOK_SECRET

URL = "/api/v1/webhooks/moyasar/"
Status = WebhookEvent.Status
Reason = WebhookRefusal.Reason


def event(data=None, **fields):
    told = {"id": "evt-1", "type": "payment_paid", "secret_token": WEBHOOK_SECRET, "live": False, "data": data or {}}
    return told | fields


def post(api, body):
    return raw(api, json.dumps(body).encode())


def raw(api, body, content_type="application/json"):
    return api.generic("POST", URL, body, content_type=content_type)


def refused():
    """(reason, calls) of today."""
    return list(WebhookRefusal.objects.order_by("reason").values_list("reason", "count"))


def told_of(standin, payment):
    """The gateway's event about the last payment under our link."""
    [theirs] = [p for p in standin.control.report()["payments"] if p["invoice_id"] == payment.gateway_invoice_id]
    return theirs


def told_of_last(standin):
    return standin.control.report()["payments"][-1]
