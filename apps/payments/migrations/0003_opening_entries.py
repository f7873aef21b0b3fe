"""What stood before the journal and the document lines were there: opened as it is, so that both cover everything."""

import uuid

from django.db import migrations
from django.db.models import Max
from django.utils import timezone

BATCH = 1000


def open_journal(apps, schema_editor):
    from apps.payments import reasons
    from apps.payments.journal import sealed, step
    from apps.payments.models import MoneyEvent

    payments = apps.get_model("payments", "Payment").objects.prefetch_related("refunds").order_by("pk")
    at, waiting = timezone.now(), []
    for payment in payments.iterator(chunk_size=BATCH):
        refunds = sorted(payment.refunds.all(), key=lambda refund: refund.created_at)
        rows = [None, *refunds]
        waiting += sealed(step(payment, refund, at=at, reason=reasons.OPENING) for refund in rows)
        if len(waiting) >= BATCH:
            MoneyEvent.objects.bulk_create(waiting)
            waiting = []
    MoneyEvent.objects.bulk_create(waiting)


def complete_documents(apps, schema_editor):
    documents = apps.get_model("payments", "TaxDocument").objects
    sequences = apps.get_model("payments", "TaxSequence")
    waiting = []
    for document in documents.select_related("payment__booking").order_by("pk").iterator(chunk_size=BATCH):
        booking = document.payment.booking
        amounts = {"gross": document.gross_amount, "net": document.net_amount, "vat": document.vat_amount}
        document.uuid = uuid.uuid4()
        document.vat_rate = booking.vat_rate
        document.lines = [
            {"name_ar": booking.service_name_ar, "name_en": booking.service_name_en}
            | {name: f"{amount:.2f}" for name, amount in amounts.items()}
        ]
        waiting.append(document)
        if len(waiting) >= BATCH:
            documents.bulk_update(waiting, ["uuid", "vat_rate", "lines"])
            waiting = []
    documents.bulk_update(waiting, ["uuid", "vat_rate", "lines"])
    last = documents.order_by().values("salon").annotate(last=Max("number"))
    sequences.objects.bulk_create(sequences(salon_id=row["salon"], last_number=row["last"]) for row in last)


def name_sources(apps, schema_editor):
    apps.get_model("payments", "Payment").objects.filter(method="online").update(source="link")
    refunds = apps.get_model("payments", "Refund").objects
    refunds.exclude(payment__method="online").update(way="by_hand")
    refunds.filter(status="external").update(way="external")
    # Their reserve was let go when they counted as not carried out; today that is what `failed` means.
    refunds.filter(status="not_applied").update(status="failed")


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_money_journal")]

    operations = [
        migrations.RunPython(name_sources, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(open_journal, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(complete_documents, migrations.RunPython.noop, elidable=True),
    ]
