import uuid

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.math
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import apps.common.constraints


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("bookings", "0001_initial"),
        ("salons", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalPayment",
            fields=[
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                ("id", models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                (
                    "method",
                    models.CharField(
                        choices=[("online", "online"), ("cash", "cash"), ("terminal", "card terminal")],
                        default="online",
                        max_length=16,
                        verbose_name="method",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("created", "created"),
                            ("submitted", "sent to the gateway"),
                            ("initiated", "waiting for the customer"),
                            ("paid", "paid"),
                            ("authorized", "authorised"),
                            ("captured", "captured"),
                            ("failed", "failed"),
                            ("voided", "voided"),
                            ("expired", "expired"),
                            ("unknown", "answer unknown"),
                            ("review", "needs a person"),
                        ],
                        default="created",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="amount")),
                ("currency", models.CharField(default="SAR", editable=False, max_length=3, verbose_name="currency")),
                (
                    "captured_amount",
                    models.DecimalField(decimal_places=2, default=0, max_digits=10, verbose_name="received"),
                ),
                (
                    "refunded_amount",
                    models.DecimalField(decimal_places=2, default=0, max_digits=10, verbose_name="refunded"),
                ),
                (
                    "refund_reserved_amount",
                    models.DecimalField(decimal_places=2, default=0, max_digits=10, verbose_name="being refunded"),
                ),
                ("gateway_invoice_id", models.CharField(blank=True, max_length=64, verbose_name="gateway invoice")),
                ("gateway_payment_id", models.CharField(blank=True, max_length=64, verbose_name="gateway payment")),
                ("payment_url", models.URLField(blank=True, max_length=500, verbose_name="payment link")),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="link valid until")),
                ("paid_at", models.DateTimeField(blank=True, null=True, verbose_name="paid at")),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="last read at the gateway")),
                ("failure_reason", models.CharField(blank=True, max_length=255, verbose_name="reason of failure")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="bookings.booking",
                        verbose_name="booking",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
                    ),
                ),
                (
                    "salon",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="salons.salon",
                        verbose_name="salon",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical payment",
                "verbose_name_plural": "historical payments",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "method",
                    models.CharField(
                        choices=[("online", "online"), ("cash", "cash"), ("terminal", "card terminal")],
                        default="online",
                        max_length=16,
                        verbose_name="method",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("created", "created"),
                            ("submitted", "sent to the gateway"),
                            ("initiated", "waiting for the customer"),
                            ("paid", "paid"),
                            ("authorized", "authorised"),
                            ("captured", "captured"),
                            ("failed", "failed"),
                            ("voided", "voided"),
                            ("expired", "expired"),
                            ("unknown", "answer unknown"),
                            ("review", "needs a person"),
                        ],
                        default="created",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="amount")),
                ("currency", models.CharField(default="SAR", editable=False, max_length=3, verbose_name="currency")),
                (
                    "captured_amount",
                    models.DecimalField(decimal_places=2, default=0, max_digits=10, verbose_name="received"),
                ),
                (
                    "refunded_amount",
                    models.DecimalField(decimal_places=2, default=0, max_digits=10, verbose_name="refunded"),
                ),
                (
                    "refund_reserved_amount",
                    models.DecimalField(decimal_places=2, default=0, max_digits=10, verbose_name="being refunded"),
                ),
                ("gateway_invoice_id", models.CharField(blank=True, max_length=64, verbose_name="gateway invoice")),
                ("gateway_payment_id", models.CharField(blank=True, max_length=64, verbose_name="gateway payment")),
                ("payment_url", models.URLField(blank=True, max_length=500, verbose_name="payment link")),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="link valid until")),
                ("paid_at", models.DateTimeField(blank=True, null=True, verbose_name="paid at")),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="last read at the gateway")),
                ("failure_reason", models.CharField(blank=True, max_length=255, verbose_name="reason of failure")),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="bookings.booking",
                        verbose_name="booking",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
                    ),
                ),
                (
                    "salon",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="salons.salon",
                        verbose_name="salon",
                    ),
                ),
            ],
            options={
                "verbose_name": "payment",
                "verbose_name_plural": "payments",
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(fields=["-created_at", "-id"], name="payments_newest"),
                    models.Index(fields=["salon", "-created_at", "-id"], name="payments_by_salon"),
                    models.Index(
                        condition=models.Q(("status__in", ["created", "submitted", "initiated", "unknown"])),
                        fields=["created_at"],
                        name="payments_unsettled",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("salon", "id"), name="payments_payment_salon_key"),
                    apps.common.constraints.SameSalon(
                        field="booking", name="payments_payment_same_salon_booking", violation_error_code="other_salon"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)),
                        name="payments_payment_amount",
                        violation_error_message="An amount is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "captured_amount__gte",
                                django.db.models.functions.math.Round(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("refunded_amount"), "+", models.F("refund_reserved_amount")
                                    ),
                                    2,
                                ),
                            ),
                            ("captured_amount__lte", models.F("amount")),
                            ("refund_reserved_amount__gte", 0),
                            ("refunded_amount__gte", 0),
                        ),
                        name="payments_payment_refunds_within_captured",
                        violation_error_code="refund_exceeds_paid",
                        violation_error_message="Refunds never exceed what was received, nor that what was asked.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["created", "submitted", "initiated", "unknown"])),
                        fields=("booking",),
                        name="payments_payment_one_open_per_booking",
                        violation_error_message="There is an open payment for this booking already.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("gateway_payment_id", ""), _negated=True),
                        fields=("gateway_payment_id",),
                        name="payments_payment_gateway_payment_once",
                        violation_error_message="This payment at the gateway is recorded already.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("gateway_invoice_id", ""), _negated=True),
                        fields=("gateway_invoice_id",),
                        name="payments_payment_gateway_invoice_once",
                        violation_error_message="This invoice at the gateway is recorded already.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalRefund",
            fields=[
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                ("id", models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="amount")),
                ("reason", models.TextField(verbose_name="reason")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "requested"),
                            ("approved", "approved"),
                            ("sending", "being sent"),
                            ("succeeded", "refunded"),
                            ("failed", "failed"),
                            ("unknown", "answer unknown"),
                            ("not_applied", "not carried out"),
                            ("review", "needs a person"),
                            ("external", "made at the gateway"),
                        ],
                        default="requested",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("nonce", models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                (
                    "gateway_refunded_before",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=10,
                        null=True,
                        verbose_name="refunded at the gateway before",
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled at")),
                ("failure_reason", models.CharField(blank=True, max_length=255, verbose_name="reason of failure")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="approved by",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
                (
                    "salon",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="salons.salon",
                        verbose_name="salon",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="payments.payment",
                        verbose_name="payment",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical refund",
                "verbose_name_plural": "historical refunds",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="ReconciliationRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField(auto_now_add=True, verbose_name="started at")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished at")),
                ("since", models.DateTimeField(verbose_name="compared since")),
                ("compared_count", models.PositiveIntegerField(default=0, verbose_name="payments compared")),
            ],
            options={
                "verbose_name": "reconciliation",
                "verbose_name_plural": "reconciliations",
                "ordering": ["-started_at", "-pk"],
                "indexes": [models.Index(fields=["-started_at", "-id"], name="payments_run_newest")],
            },
        ),
        migrations.CreateModel(
            name="ReconciliationFinding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("gateway_payment_id", models.CharField(blank=True, max_length=64, verbose_name="gateway payment")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("missing_here", "missing here"),
                            ("missing_there", "missing at the gateway"),
                            ("amount", "amount differs"),
                            ("status", "state differs"),
                            ("refunded", "refunded amount differs"),
                        ],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("ours", models.CharField(blank=True, max_length=64, verbose_name="here")),
                ("theirs", models.CharField(blank=True, max_length=64, verbose_name="at the gateway")),
                ("resolved_at", models.DateTimeField(blank=True, null=True, verbose_name="explained at")),
                ("resolution", models.TextField(blank=True, verbose_name="explanation")),
                (
                    "payment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="payments.payment",
                        verbose_name="payment",
                    ),
                ),
                (
                    "salon",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="salons.salon",
                        verbose_name="salon",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="payments.reconciliationrun",
                        verbose_name="reconciliation",
                    ),
                ),
            ],
            options={
                "verbose_name": "reconciliation finding",
                "verbose_name_plural": "reconciliation findings",
                "ordering": ["-created_at", "-pk"],
                "indexes": [models.Index(fields=["-created_at", "-id"], name="payments_finding_newest")],
                "constraints": [
                    apps.common.constraints.SameSalon(
                        field="payment", name="payments_finding_same_salon_payment", violation_error_code="other_salon"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("resolved_at__isnull", True), models.Q(("resolution", ""), _negated=True), _connector="OR"
                        ),
                        name="payments_finding_resolution",
                        violation_error_message="An explained difference says how.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalReconciliationFinding",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                ("gateway_payment_id", models.CharField(blank=True, max_length=64, verbose_name="gateway payment")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("missing_here", "missing here"),
                            ("missing_there", "missing at the gateway"),
                            ("amount", "amount differs"),
                            ("status", "state differs"),
                            ("refunded", "refunded amount differs"),
                        ],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("ours", models.CharField(blank=True, max_length=64, verbose_name="here")),
                ("theirs", models.CharField(blank=True, max_length=64, verbose_name="at the gateway")),
                ("resolved_at", models.DateTimeField(blank=True, null=True, verbose_name="explained at")),
                ("resolution", models.TextField(blank=True, verbose_name="explanation")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "salon",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="salons.salon",
                        verbose_name="salon",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="payments.payment",
                        verbose_name="payment",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="payments.reconciliationrun",
                        verbose_name="reconciliation",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical reconciliation finding",
                "verbose_name_plural": "historical reconciliation findings",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="amount")),
                ("reason", models.TextField(verbose_name="reason")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "requested"),
                            ("approved", "approved"),
                            ("sending", "being sent"),
                            ("succeeded", "refunded"),
                            ("failed", "failed"),
                            ("unknown", "answer unknown"),
                            ("not_applied", "not carried out"),
                            ("review", "needs a person"),
                            ("external", "made at the gateway"),
                        ],
                        default="requested",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("nonce", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "gateway_refunded_before",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=10,
                        null=True,
                        verbose_name="refunded at the gateway before",
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled at")),
                ("failure_reason", models.CharField(blank=True, max_length=255, verbose_name="reason of failure")),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="approved by",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="payments.payment",
                        verbose_name="payment",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
                (
                    "salon",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="salons.salon",
                        verbose_name="salon",
                    ),
                ),
            ],
            options={
                "verbose_name": "refund",
                "verbose_name_plural": "refunds",
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(fields=["-created_at", "-id"], name="payments_refund_newest"),
                    models.Index(fields=["salon", "-created_at", "-id"], name="payments_refund_by_salon"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("salon", "id"), name="payments_refund_salon_key"),
                    apps.common.constraints.SameSalon(
                        field="payment", name="payments_refund_same_salon_payment", violation_error_code="other_salon"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)),
                        name="payments_refund_amount",
                        violation_error_message="An amount is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="payments_refund_reason",
                        violation_error_message="A refund needs a reason.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["requested", "approved", "sending", "unknown", "review"])),
                        fields=("payment",),
                        name="payments_refund_one_open_per_payment",
                        violation_error_code="refund_in_progress",
                        violation_error_message="A refund of this payment is already on its way.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TaxDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "kind",
                    models.CharField(
                        choices=[("invoice", "simplified tax invoice"), ("credit_note", "credit note")],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("issued_at", models.DateTimeField(verbose_name="issued at")),
                ("seller_name", models.CharField(max_length=160, verbose_name="seller")),
                ("seller_vat_number", models.CharField(max_length=15, verbose_name="seller's VAT number")),
                ("gross_amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="total incl. VAT")),
                ("net_amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="total without VAT")),
                ("vat_amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="VAT")),
                ("qr_payload", models.CharField(max_length=700, verbose_name="QR code")),
                (
                    "corrects",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="payments.taxdocument",
                        verbose_name="corrects",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tax_documents",
                        to="payments.payment",
                        verbose_name="payment",
                    ),
                ),
                (
                    "refund",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tax_document",
                        to="payments.refund",
                        verbose_name="refund",
                    ),
                ),
                (
                    "salon",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="salons.salon",
                        verbose_name="salon",
                    ),
                ),
            ],
            options={
                "verbose_name": "tax document",
                "verbose_name_plural": "tax documents",
                "ordering": ["-issued_at", "-pk"],
                "indexes": [models.Index(fields=["salon", "-issued_at", "-id"], name="payments_taxdocument_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("salon", "id"), name="payments_taxdocument_salon_key"),
                    apps.common.constraints.SameSalon(
                        field="payment",
                        name="payments_taxdocument_same_salon_payment",
                        violation_error_code="other_salon",
                    ),
                    apps.common.constraints.SameSalon(
                        field="refund",
                        name="payments_taxdocument_same_salon_refund",
                        violation_error_code="other_salon",
                    ),
                    apps.common.constraints.SameSalon(
                        field="corrects",
                        name="payments_taxdocument_same_salon_corrects",
                        violation_error_code="other_salon",
                    ),
                    models.UniqueConstraint(fields=("salon", "number"), name="payments_taxdocument_number"),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "invoice")),
                        fields=("payment",),
                        name="payments_taxdocument_one_invoice",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "gross_amount",
                                django.db.models.functions.math.Round(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("net_amount"), "+", models.F("vat_amount")
                                    ),
                                    2,
                                ),
                            ),
                            ("gross_amount__gt", 0),
                        ),
                        name="payments_taxdocument_sum",
                        violation_error_message="Net and VAT add up to the total.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("corrects__isnull", True), ("kind", "invoice"), ("refund__isnull", True)),
                            models.Q(("corrects__isnull", False), ("kind", "credit_note"), ("refund__isnull", False)),
                            _connector="OR",
                        ),
                        name="payments_taxdocument_credit_note_corrects",
                        violation_error_message="A credit note names the invoice and the refund it is for.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalTaxDocument",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("invoice", "simplified tax invoice"), ("credit_note", "credit note")],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("issued_at", models.DateTimeField(verbose_name="issued at")),
                ("seller_name", models.CharField(max_length=160, verbose_name="seller")),
                ("seller_vat_number", models.CharField(max_length=15, verbose_name="seller's VAT number")),
                ("gross_amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="total incl. VAT")),
                ("net_amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="total without VAT")),
                ("vat_amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="VAT")),
                ("qr_payload", models.CharField(max_length=700, verbose_name="QR code")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "salon",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="salons.salon",
                        verbose_name="salon",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="payments.payment",
                        verbose_name="payment",
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="payments.refund",
                        verbose_name="refund",
                    ),
                ),
                (
                    "corrects",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="payments.taxdocument",
                        verbose_name="corrects",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical tax document",
                "verbose_name_plural": "historical tax documents",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="WebhookEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(max_length=16, verbose_name="provider")),
                ("event_id", models.CharField(max_length=64, verbose_name="event")),
                ("kind", models.CharField(max_length=64, verbose_name="kind")),
                ("payload", models.JSONField(help_text="Without the shared secret.", verbose_name="content")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("new", "new"),
                            ("processed", "processed"),
                            ("ignored", "not for us"),
                            ("failed", "will be tried again"),
                            ("dead", "given up"),
                        ],
                        default="new",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="due at")),
                ("received_at", models.DateTimeField(auto_now_add=True, verbose_name="received at")),
                ("processed_at", models.DateTimeField(blank=True, null=True, verbose_name="processed at")),
                ("error", models.CharField(blank=True, max_length=255, verbose_name="error")),
            ],
            options={
                "verbose_name": "webhook",
                "verbose_name_plural": "webhooks",
                "ordering": ["-received_at", "-pk"],
                "indexes": [
                    models.Index(fields=["-received_at", "-id"], name="payments_webhook_newest"),
                    models.Index(
                        condition=models.Q(("status__in", ["new", "failed"])),
                        fields=["due_at"],
                        name="payments_webhook_due",
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("provider", "event_id"), name="payments_webhook_once")],
            },
        ),
    ]
