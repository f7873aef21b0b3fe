import uuid

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import apps.bookings.models
import apps.common.constraints


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("salons", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalBooking",
            fields=[
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                ("id", models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                (
                    "reference",
                    models.CharField(
                        db_index=True,
                        default=apps.bookings.models.new_reference,
                        editable=False,
                        max_length=12,
                        verbose_name="reference",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "pending"),
                            ("confirmed", "confirmed"),
                            ("arrived", "arrived"),
                            ("completed", "completed"),
                            ("no_show", "no-show"),
                            ("cancelled", "cancelled"),
                            ("expired", "expired"),
                        ],
                        default="pending",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("online", "booked online"), ("desk", "entered by the salon")],
                        default="online",
                        max_length=16,
                        verbose_name="source",
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="starts at")),
                ("ends_at", models.DateTimeField(verbose_name="ends at")),
                ("occupied_from", models.DateTimeField(editable=False, verbose_name="occupied from")),
                ("occupied_until", models.DateTimeField(editable=False, verbose_name="occupied until")),
                ("hold_expires_at", models.DateTimeField(blank=True, null=True, verbose_name="held until")),
                ("note", models.TextField(blank=True, max_length=1000, verbose_name="customer's note")),
                ("override_reason", models.TextField(blank=True, verbose_name="reason for booking outside the rules")),
                (
                    "service_name_ar",
                    models.CharField(
                        blank=True, editable=False, max_length=160, verbose_name="service as booked (Arabic)"
                    ),
                ),
                (
                    "service_name_en",
                    models.CharField(
                        blank=True, editable=False, max_length=160, verbose_name="service as booked (English)"
                    ),
                ),
                (
                    "duration_minutes",
                    models.PositiveSmallIntegerField(editable=False, verbose_name="duration, minutes"),
                ),
                (
                    "buffer_before_minutes",
                    models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="preparation, minutes"),
                ),
                (
                    "buffer_after_minutes",
                    models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="cleaning up, minutes"),
                ),
                (
                    "price_amount",
                    models.DecimalField(
                        decimal_places=2, editable=False, max_digits=10, verbose_name="price incl. VAT"
                    ),
                ),
                (
                    "vat_rate",
                    models.DecimalField(decimal_places=2, editable=False, max_digits=5, verbose_name="VAT, %"),
                ),
                (
                    "vat_amount",
                    models.DecimalField(decimal_places=2, editable=False, max_digits=10, verbose_name="VAT"),
                ),
                ("currency", models.CharField(default="SAR", editable=False, max_length=3, verbose_name="currency")),
                (
                    "prepay_amount",
                    models.DecimalField(
                        decimal_places=2, default=0, editable=False, max_digits=10, verbose_name="to pay in advance"
                    ),
                ),
                (
                    "free_cancellation_hours",
                    models.PositiveSmallIntegerField(editable=False, verbose_name="cancelling free until, hours"),
                ),
                (
                    "late_cancellation_percent",
                    models.PositiveSmallIntegerField(editable=False, verbose_name="cancellation fee, %"),
                ),
                ("protected_starts_at", models.DateTimeField(editable=False, verbose_name="cancellation counted from")),
                (
                    "cancelled_by",
                    models.CharField(
                        blank=True,
                        choices=[("customer", "the customer"), ("salon", "the salon")],
                        max_length=16,
                        verbose_name="cancelled by",
                    ),
                ),
                (
                    "cancellation_fee_amount",
                    models.DecimalField(
                        decimal_places=2, default=0, editable=False, max_digits=10, verbose_name="cancellation fee"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False, verbose_name="version")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "booked_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="booked by",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="salons.customer",
                        verbose_name="customer",
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
                    "review",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="salons.review",
                        verbose_name="review",
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
                    "service",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="salons.service",
                        verbose_name="service",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="salons.staff",
                        verbose_name="staff member",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical booking",
                "verbose_name_plural": "historical bookings",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Booking",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "reference",
                    models.CharField(
                        default=apps.bookings.models.new_reference,
                        editable=False,
                        max_length=12,
                        unique=True,
                        verbose_name="reference",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "pending"),
                            ("confirmed", "confirmed"),
                            ("arrived", "arrived"),
                            ("completed", "completed"),
                            ("no_show", "no-show"),
                            ("cancelled", "cancelled"),
                            ("expired", "expired"),
                        ],
                        default="pending",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("online", "booked online"), ("desk", "entered by the salon")],
                        default="online",
                        max_length=16,
                        verbose_name="source",
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="starts at")),
                ("ends_at", models.DateTimeField(verbose_name="ends at")),
                ("occupied_from", models.DateTimeField(editable=False, verbose_name="occupied from")),
                ("occupied_until", models.DateTimeField(editable=False, verbose_name="occupied until")),
                ("hold_expires_at", models.DateTimeField(blank=True, null=True, verbose_name="held until")),
                ("note", models.TextField(blank=True, max_length=1000, verbose_name="customer's note")),
                ("override_reason", models.TextField(blank=True, verbose_name="reason for booking outside the rules")),
                (
                    "service_name_ar",
                    models.CharField(
                        blank=True, editable=False, max_length=160, verbose_name="service as booked (Arabic)"
                    ),
                ),
                (
                    "service_name_en",
                    models.CharField(
                        blank=True, editable=False, max_length=160, verbose_name="service as booked (English)"
                    ),
                ),
                (
                    "duration_minutes",
                    models.PositiveSmallIntegerField(editable=False, verbose_name="duration, minutes"),
                ),
                (
                    "buffer_before_minutes",
                    models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="preparation, minutes"),
                ),
                (
                    "buffer_after_minutes",
                    models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="cleaning up, minutes"),
                ),
                (
                    "price_amount",
                    models.DecimalField(
                        decimal_places=2, editable=False, max_digits=10, verbose_name="price incl. VAT"
                    ),
                ),
                (
                    "vat_rate",
                    models.DecimalField(decimal_places=2, editable=False, max_digits=5, verbose_name="VAT, %"),
                ),
                (
                    "vat_amount",
                    models.DecimalField(decimal_places=2, editable=False, max_digits=10, verbose_name="VAT"),
                ),
                ("currency", models.CharField(default="SAR", editable=False, max_length=3, verbose_name="currency")),
                (
                    "prepay_amount",
                    models.DecimalField(
                        decimal_places=2, default=0, editable=False, max_digits=10, verbose_name="to pay in advance"
                    ),
                ),
                (
                    "free_cancellation_hours",
                    models.PositiveSmallIntegerField(editable=False, verbose_name="cancelling free until, hours"),
                ),
                (
                    "late_cancellation_percent",
                    models.PositiveSmallIntegerField(editable=False, verbose_name="cancellation fee, %"),
                ),
                ("protected_starts_at", models.DateTimeField(editable=False, verbose_name="cancellation counted from")),
                (
                    "cancelled_by",
                    models.CharField(
                        blank=True,
                        choices=[("customer", "the customer"), ("salon", "the salon")],
                        max_length=16,
                        verbose_name="cancelled by",
                    ),
                ),
                (
                    "cancellation_fee_amount",
                    models.DecimalField(
                        decimal_places=2, default=0, editable=False, max_digits=10, verbose_name="cancellation fee"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False, verbose_name="version")),
                (
                    "booked_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="booked by",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookings",
                        to="salons.customer",
                        verbose_name="customer",
                    ),
                ),
                (
                    "review",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="booking",
                        to="salons.review",
                        verbose_name="review",
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
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookings",
                        to="salons.service",
                        verbose_name="service",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookings",
                        to="salons.staff",
                        verbose_name="staff member",
                    ),
                ),
            ],
            options={
                "verbose_name": "booking",
                "verbose_name_plural": "bookings",
                "ordering": ["-starts_at", "-pk"],
                "indexes": [
                    models.Index(fields=["-starts_at", "-id"], name="bookings_newest"),
                    models.Index(fields=["salon", "-starts_at", "-id"], name="bookings_by_salon"),
                    models.Index(fields=["staff", "occupied_from", "occupied_until"], name="bookings_by_staff"),
                    models.Index(fields=["customer", "-starts_at", "-id"], name="bookings_by_customer"),
                    models.Index(
                        condition=models.Q(("hold_expires_at__isnull", False)),
                        fields=["hold_expires_at"],
                        name="bookings_open_holds",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("salon", "id"), name="bookings_booking_salon_key"),
                    apps.common.constraints.SameSalon(
                        field="customer",
                        name="bookings_booking_same_salon_customer",
                        violation_error_code="other_salon",
                    ),
                    apps.common.constraints.SameSalon(
                        field="service", name="bookings_booking_same_salon_service", violation_error_code="other_salon"
                    ),
                    apps.common.constraints.SameSalon(
                        field="staff", name="bookings_booking_same_salon_staff", violation_error_code="other_salon"
                    ),
                    apps.common.constraints.SameSalon(
                        field="review", name="bookings_booking_same_salon_review", violation_error_code="other_salon"
                    ),
                    apps.common.constraints.NoOverlap(
                        condition=models.Q(("status__in", ["pending", "confirmed", "arrived"])),
                        ends="occupied_until",
                        group="staff",
                        name="bookings_booking_no_overlap",
                        starts="occupied_from",
                        violation_error_code="slot_taken",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="bookings_booking_order",
                        violation_error_message="The end lies after the start.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("occupied_from__lte", models.F("starts_at")), ("occupied_until__gte", models.F("ends_at"))
                        ),
                        name="bookings_booking_occupied_covers_visit",
                        violation_error_message="The occupied time covers the visit.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("price_amount__gt", 0),
                            ("vat_amount__gte", 0),
                            ("vat_amount__lt", models.F("price_amount")),
                        ),
                        name="bookings_booking_price",
                        violation_error_message="A price is greater than zero and holds its VAT.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("prepay_amount__gte", 0), ("prepay_amount__lte", models.F("price_amount"))),
                        name="bookings_booking_prepay",
                        violation_error_message="The advance payment is at most the price.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cancellation_fee_amount__gte", 0),
                            ("cancellation_fee_amount__lte", models.F("price_amount")),
                        ),
                        name="bookings_booking_fee",
                        violation_error_message="The cancellation fee is at most the price.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status", "cancelled"), ("cancelled_by", ""), _connector="XOR"),
                        name="bookings_booking_cancelled_by_someone",
                        violation_error_message="A cancelled booking says who cancelled it, and only a cancelled one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("hold_expires_at__isnull", True),
                            ("status__in", ["pending", "expired", "cancelled"]),
                            _connector="OR",
                        ),
                        name="bookings_booking_hold_only_while_pending",
                        violation_error_message="Only a pending booking is held for payment.",
                    ),
                ],
            },
        ),
    ]
