"""The admin of money as a browser meets it."""

import re

from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from apps.payments.models import Payment, ReconciliationFinding, Refund, TaxDocument, WebhookEvent

SUBMITTED = {"_form_submitted": "True"}


def browser(person, **options):
    client = Client(**options)
    client.force_login(person)
    return client


def url(row, page="change"):
    return reverse(f"admin:payments_{row._meta.model_name}_{page}", args=[row.pk])


def changelist(model):
    return reverse(f"admin:payments_{model._meta.model_name}_changelist")


def text(answer):
    """The words of a page as a reader sees them."""
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def messages(answer):
    """[(level, sentence)] told with the answer, once per answer."""
    return [(message.level_tag, str(message)) for message in get_messages(answer.wsgi_request)]


def fields_of(answer):
    """What a browser would post back from the dialog."""
    form = answer.context["form"]
    return {name: form[name].value() for name in form.fields}


def ask(client, payment, **said):
    """Open the refund dialog, fill it in and post it."""
    page = url(payment, "refund_action")
    filled = fields_of(client.get(page)) | {"reason": "Served late"} | said
    return client.post(page, filled, headers={"hx-current-url": f"http://testserver{url(payment)}"})


def counts():
    models = (Payment, Refund, TaxDocument, WebhookEvent, ReconciliationFinding)
    return [(model.objects.count(), model.history.count() if hasattr(model, "history") else 0) for model in models]
