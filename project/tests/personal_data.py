"""The page on personal data as the tests read it, and one person with a row in every table that knows people."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.utils import timezone

from apps.accounts.models import Consent, DataRequest, ExportLog, User
from apps.accounts.tests import factories as accounts
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.common.fields import PhoneField
from apps.common.history import save_as
from apps.notifications.models import DeliveryReceipt
from apps.notifications.tests.factories import AttemptFactory, NotificationFactory
from apps.payments.models import Payment, ReconciliationFinding, ReconciliationRun, Refund, TaxDocument, WebhookEvent
from apps.salons.models import CardMerge, Customer
from apps.salons.tests.factories import CustomerFactory, ReviewFactory
from project.env import BASE_DIR
from project.tests.two_salons import store

PAGE = BASE_DIR / "docs" / "privacy.md"
FIELD = re.compile(r"`((?:\w+)\.(?:[A-Z]\w+)\.(?:\w+))`")
PHONE = "+966559872341"
MARK = "canary~7"
OTHERS = "neighbour~3"


@cache
def described() -> dict[str, str]:
    """`{"app.Model.field": "blanked" | "deleted" | "stays"}` of the page's table."""
    rows = [
        line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:3] == "| `"
    ]
    return {name: re.split(r"\W", row[-1])[0] for row in rows for name in FIELD.findall(row[0])}


def without_person() -> set[str]:
    """Fields that the page names as being about nobody."""
    section = PAGE.read_text(encoding="utf-8").split("## Columns without a person")[1].split("\n## ")[0]
    return set(FIELD.findall(section))


def fields_that_may_hold_a_person() -> set[str]:
    """Keys to people, phones, pictures, texts of no fixed choice: our models, and what Django keeps of their pages."""
    return {f"{model._meta.label}.{field.name}" for model in models_with_people() for field in _candidates(model)}


def models_with_people() -> list[type[models.Model]]:
    kept = {"admin.LogEntry", "sessions.Session"}
    own = ("apps.", "project.")
    ours = [model for model in apps.get_models() if model.__module__.startswith(own) or model._meta.label in kept]
    return [model for model in ours if not model.__name__.startswith("Historical")]


def _candidates(model: type[models.Model]) -> list[models.Field]:
    return [field for field in model._meta.local_fields if _may_hold_a_person(field)]


def _may_hold_a_person(field: Any) -> bool:
    if field.is_relation:
        return field.related_model in (User, Customer)
    is_text = isinstance(field, models.CharField | models.TextField | models.JSONField | models.FileField)
    return isinstance(field, PhoneField) or (is_text and not field.choices)


@dataclass
class Somebody:
    """A person and all rows about them."""

    person: User
    rows: list[Any]


def somebody(phone: str = PHONE, mark: str = MARK) -> Somebody:
    """A customer of two salons with everything over and settled, `mark` in every text that an erasure takes out."""
    person = accounts.UserFactory(phone=phone, marketing_consent=True)
    rows: list[Any] = [person]
    for _number in range(2):
        rows += _visit(person)
    asked = DataRequest.objects.create(user=person, kind=DataRequest.Kind.EXPORT, due_on=timezone.localdate())
    rows += [
        asked,
        accounts.OtpChallengeFactory(phone=phone),
        accounts.PhoneGuardFactory(phone=phone),
        accounts.TokenFamilyFactory(user=person),
        accounts.IdempotencyKeyFactory(user=person),
        Consent.objects.create(user=person, is_granted=True, source=Consent.Source.APP, actor=person),
        ExportLog.objects.create(
            actor=person,
            person=person,
            model_label="accounts.user",
            file_format="json",
            row_count=1,
            network=mark,
        ),
    ]
    rows += [_log_entry(row) for row in rows if isinstance(row, User | Customer | DataRequest)]
    for row in rows:
        fill(row, mark)
    return Somebody(person, rows)


def _visit(person: User) -> list[Any]:
    card = CustomerFactory(user=person)
    salon = card.salon
    booking = BookingFactory(salon=salon, customer=card, status=Booking.Status.COMPLETED)
    review = ReviewFactory(salon=salon, customer=card, service=booking.service, staff=booking.staff)
    booking.review = save_as(review, actor=person)
    amount = booking.price_amount
    paid = {"salon": salon, "booking": booking, "amount": amount, "captured_amount": amount, "status": "paid"}
    payment = Payment.objects.create(**paid, gateway_invoice_id=f"inv-{booking.pk}", gateway_payment_id=f"{booking.pk}")
    refund = Refund.objects.create(
        salon=salon, payment=payment, amount=Decimal("1.00"), reason="late", status=Refund.Status.SUCCEEDED
    )
    document = TaxDocument.objects.create(
        salon=salon,
        kind=TaxDocument.Kind.INVOICE,
        number=1,
        payment=payment,
        issued_at=timezone.now(),
        seller_name="Salon",
        seller_vat_number="300000000000003",
        gross_amount=Decimal("115.00"),
        net_amount=Decimal("100.00"),
        vat_amount=Decimal("15.00"),
        qr_payload="AQ==",
    )
    finding = ReconciliationFinding.objects.create(
        salon=salon,
        run=ReconciliationRun.objects.create(since=timezone.now()),
        payment=payment,
        kind=ReconciliationFinding.Kind.AMOUNT,
        resolved_at=timezone.now(),
        resolution="explained",
    )
    told = WebhookEvent.objects.create(
        provider="moyasar", event_id=str(booking.pk), kind="payment_paid", payload={"id": "e", "data": {}}
    )
    told.payload["data"] = {"id": payment.gateway_payment_id, "invoice_id": payment.gateway_invoice_id, "amount": 11500}
    message = NotificationFactory(booking=booking)
    call = AttemptFactory(notification=message, provider="twilio")
    receipt = DeliveryReceipt.objects.create(salon=salon, notification=message, provider_status="delivered")
    twin = CardMerge.objects.create(
        salon=salon, card=card, merged_card=0, person=person, bookings=[], reason="twice", actor=person
    )
    return [card, twin, review, booking, payment, refund, document, finding, told, message, call, receipt]


def _log_entry(row: Any) -> LogEntry:
    kind = ContentType.objects.get_for_model(type(row))
    entry: LogEntry = LogEntry.objects.create(
        user=accounts.OwnerFactory(), content_type=kind, object_id=str(row.pk), object_repr=str(row), action_flag=CHANGE
    )
    return entry


def fill(row: Any, mark: str) -> None:
    """Write `mark` into every text of `row` that the page calls blanked or deleted, and into its history's reason."""
    for field in _candidates(type(row)):
        goes = described().get(f"{type(row)._meta.label}.{field.name}", "stays") != "stays"
        if goes and not field.is_relation and not isinstance(field, PhoneField):
            if isinstance(field, models.JSONField):
                source = {"name": mark, "company": mark}
                value = getattr(row, field.name) or {}
                setattr(row, field.name, {**value, "note": mark, "data": {**value.get("data", {}), "source": source}})
            else:
                setattr(row, field.name, mark[: field.max_length])
    row._change_reason = mark
    store(row)


def dump() -> dict[str, str]:
    """`{table: everything in it}` of the whole database, as the database has it."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - a table's name
            found[table] = "\n".join(map(str, cursor.fetchall()))
    return found


def tables_holding(*texts: str) -> set[str]:
    return {table for table, content in dump().items() if any(text in content for text in texts)}


def ledger() -> dict[str, list[Any]]:
    """Every amount and number of every money row, of all its versions, and of the bookings' prices."""
    kept = {}
    for model in (Booking, Payment, Refund, TaxDocument, ReconciliationFinding):
        for table in (model, model.history.model):
            texts = {"reason", "failure_reason", "resolution", "payment_url", "note", "override_reason", "guest_name"}
            left_out = texts | {"history_change_reason", "updated_at"}
            names = [field.attname for field in table._meta.concrete_fields if field.name not in left_out]
            kept[table.__name__] = list(table._base_manager.order_by("pk").values_list(*names))
    return kept
