import django.db.models.deletion
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import apps.common.constraints
import apps.common.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("bookings", "0001_initial"),
        ("salons", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalNotification",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                ("booking_version", models.PositiveIntegerField(verbose_name="version of the booking")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("booking_received", "booking received"),
                            ("booking_confirmed", "booking confirmed"),
                            ("booking_moved", "booking moved"),
                            ("booking_cancelled", "booking cancelled"),
                            ("payment_link", "payment link"),
                            ("payment_received", "payment received"),
                            ("refund_sent", "refund on its way"),
                            ("reminder", "reminder"),
                            ("review_invitation", "invitation to review"),
                        ],
                        max_length=32,
                        verbose_name="kind",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("sms", "SMS"), ("whatsapp", "WhatsApp")],
                        default="sms",
                        max_length=16,
                        verbose_name="channel",
                    ),
                ),
                ("recipient", apps.common.fields.PhoneField(max_length=20, verbose_name="recipient")),
                (
                    "locale",
                    models.CharField(
                        choices=[("ar", "Arabic"), ("en", "English")], max_length=2, verbose_name="language"
                    ),
                ),
                ("body", models.TextField(verbose_name="text")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "planned"),
                            ("sending", "being sent"),
                            ("sent", "sent"),
                            ("delivered", "delivered"),
                            ("undelivered", "not delivered"),
                            ("failed", "failed"),
                            ("suppressed", "held back"),
                        ],
                        default="pending",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="due at")),
                ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("provider", models.CharField(blank=True, max_length=16, verbose_name="provider")),
                ("provider_message_id", models.CharField(blank=True, max_length=64, verbose_name="provider's number")),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="Why it failed or was held back.", max_length=255, verbose_name="reason"
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                ("delivered_at", models.DateTimeField(blank=True, null=True, verbose_name="delivered at")),
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
                "verbose_name": "historical message",
                "verbose_name_plural": "historical messages",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalTemplate",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("booking_received", "booking received"),
                            ("booking_confirmed", "booking confirmed"),
                            ("booking_moved", "booking moved"),
                            ("booking_cancelled", "booking cancelled"),
                            ("payment_link", "payment link"),
                            ("payment_received", "payment received"),
                            ("refund_sent", "refund on its way"),
                            ("reminder", "reminder"),
                            ("review_invitation", "invitation to review"),
                        ],
                        max_length=32,
                        verbose_name="kind",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("sms", "SMS"), ("whatsapp", "WhatsApp")],
                        default="sms",
                        max_length=16,
                        verbose_name="channel",
                    ),
                ),
                ("body_ar", models.TextField(max_length=1000, verbose_name="Arabic text")),
                ("body_en", models.TextField(max_length=1000, verbose_name="English text")),
                (
                    "is_active",
                    models.BooleanField(
                        default=True, help_text="Switched off, this message is not sent.", verbose_name="switched on"
                    ),
                ),
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
            ],
            options={
                "verbose_name": "historical message text",
                "verbose_name_plural": "historical message texts",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("booking_version", models.PositiveIntegerField(verbose_name="version of the booking")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("booking_received", "booking received"),
                            ("booking_confirmed", "booking confirmed"),
                            ("booking_moved", "booking moved"),
                            ("booking_cancelled", "booking cancelled"),
                            ("payment_link", "payment link"),
                            ("payment_received", "payment received"),
                            ("refund_sent", "refund on its way"),
                            ("reminder", "reminder"),
                            ("review_invitation", "invitation to review"),
                        ],
                        max_length=32,
                        verbose_name="kind",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("sms", "SMS"), ("whatsapp", "WhatsApp")],
                        default="sms",
                        max_length=16,
                        verbose_name="channel",
                    ),
                ),
                ("recipient", apps.common.fields.PhoneField(max_length=20, verbose_name="recipient")),
                (
                    "locale",
                    models.CharField(
                        choices=[("ar", "Arabic"), ("en", "English")], max_length=2, verbose_name="language"
                    ),
                ),
                ("body", models.TextField(verbose_name="text")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "planned"),
                            ("sending", "being sent"),
                            ("sent", "sent"),
                            ("delivered", "delivered"),
                            ("undelivered", "not delivered"),
                            ("failed", "failed"),
                            ("suppressed", "held back"),
                        ],
                        default="pending",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="due at")),
                ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("provider", models.CharField(blank=True, max_length=16, verbose_name="provider")),
                ("provider_message_id", models.CharField(blank=True, max_length=64, verbose_name="provider's number")),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="Why it failed or was held back.", max_length=255, verbose_name="reason"
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                ("delivered_at", models.DateTimeField(blank=True, null=True, verbose_name="delivered at")),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notifications",
                        to="bookings.booking",
                        verbose_name="booking",
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
                "verbose_name": "message",
                "verbose_name_plural": "messages",
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(fields=["-created_at", "-id"], name="notifications_newest"),
                    models.Index(fields=["salon", "-created_at", "-id"], name="notifications_by_salon"),
                    models.Index(
                        condition=models.Q(("status__in", ["pending", "failed", "sending"])),
                        fields=["due_at"],
                        name="notifications_due",
                    ),
                    models.Index(fields=["provider", "provider_message_id"], name="notifications_by_provider_id"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("salon", "id"), name="notifications_notification_salon_key"),
                    apps.common.constraints.SameSalon(
                        field="booking",
                        name="notifications_notification_same_salon_booking",
                        violation_error_code="other_salon",
                    ),
                    models.UniqueConstraint(
                        fields=("booking", "booking_version", "kind", "channel"),
                        name="notifications_notification_once_per_version",
                        violation_error_message="This message exists already for this state of the booking.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "suppressed"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="notifications_notification_suppressed_reason",
                        violation_error_message="A message held back says why.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalDeliveryReceipt",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                ("provider_status", models.CharField(max_length=64, verbose_name="provider's word")),
                ("error_code", models.CharField(blank=True, max_length=32, verbose_name="error code")),
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
                    "notification",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="notifications.notification",
                        verbose_name="message",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical delivery receipt",
                "verbose_name_plural": "historical delivery receipts",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="DeliveryReceipt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("provider_status", models.CharField(max_length=64, verbose_name="provider's word")),
                ("error_code", models.CharField(blank=True, max_length=32, verbose_name="error code")),
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
                    "notification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="notifications.notification",
                        verbose_name="message",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery receipt",
                "verbose_name_plural": "delivery receipts",
                "ordering": ["-created_at", "-pk"],
                "indexes": [models.Index(fields=["-created_at", "-id"], name="notifications_receipt_newest")],
                "constraints": [
                    apps.common.constraints.SameSalon(
                        field="notification",
                        name="notifications_receipt_same_salon",
                        violation_error_code="other_salon",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Template",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("booking_received", "booking received"),
                            ("booking_confirmed", "booking confirmed"),
                            ("booking_moved", "booking moved"),
                            ("booking_cancelled", "booking cancelled"),
                            ("payment_link", "payment link"),
                            ("payment_received", "payment received"),
                            ("refund_sent", "refund on its way"),
                            ("reminder", "reminder"),
                            ("review_invitation", "invitation to review"),
                        ],
                        max_length=32,
                        verbose_name="kind",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("sms", "SMS"), ("whatsapp", "WhatsApp")],
                        default="sms",
                        max_length=16,
                        verbose_name="channel",
                    ),
                ),
                ("body_ar", models.TextField(max_length=1000, verbose_name="Arabic text")),
                ("body_en", models.TextField(max_length=1000, verbose_name="English text")),
                (
                    "is_active",
                    models.BooleanField(
                        default=True, help_text="Switched off, this message is not sent.", verbose_name="switched on"
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
                "verbose_name": "message text",
                "verbose_name_plural": "message texts",
                "ordering": ["salon", "kind", "channel", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("salon", "kind", "channel"),
                        name="notifications_template_once",
                        violation_error_message="This salon has a text for this kind and channel already.",
                    )
                ],
            },
        ),
    ]
