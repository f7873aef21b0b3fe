import uuid

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import apps.accounts.querysets
import apps.common.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="PhoneGuard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("phone", apps.common.fields.PhoneField(max_length=20, unique=True, verbose_name="phone")),
                ("consecutive_failures", models.PositiveIntegerField(default=0, verbose_name="failures in a row")),
                ("locked_until", models.DateTimeField(blank=True, null=True, verbose_name="locked until")),
            ],
            options={
                "verbose_name": "phone lock",
                "verbose_name_plural": "phone locks",
                "ordering": ["phone"],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "phone",
                    apps.common.fields.PhoneField(
                        error_messages={"unique": "A person with this phone exists already."},
                        max_length=20,
                        unique=True,
                        verbose_name="phone",
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=160, verbose_name="name")),
                (
                    "locale",
                    models.CharField(
                        choices=[("ar", "Arabic"), ("en", "English")],
                        default="ar",
                        max_length=2,
                        verbose_name="language",
                    ),
                ),
                (
                    "marketing_consent",
                    models.BooleanField(default=False, verbose_name="agrees to promotional messages"),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="may sign in")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("erased_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="erased at")),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "person",
                "verbose_name_plural": "people",
                "ordering": ["phone"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("phone__startswith", "+")),
                        name="accounts_user_phone_e164",
                        violation_error_code="phone_invalid",
                        violation_error_message="Enter a valid phone number, for example 0551234567 or +966551234567.",
                    )
                ],
            },
            managers=[
                ("objects", apps.accounts.querysets.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="DataRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "kind",
                    models.CharField(
                        choices=[("export", "copy of the data"), ("erasure", "erasure")],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "open"), ("done", "done"), ("refused", "refused")],
                        default="open",
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                ("due_on", models.DateField(verbose_name="due on")),
                ("note", models.TextField(blank=True, verbose_name="note")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="data_requests",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "data request",
                "verbose_name_plural": "data requests",
                "ordering": ["-created_at", "-id"],
                "indexes": [models.Index(fields=["-created_at", "-id"], name="accounts_request_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "open")),
                        fields=("user", "kind"),
                        name="accounts_data_request_one_open",
                        violation_error_code="already_requested",
                        violation_error_message="There is an open request of this kind already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalDataRequest",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("export", "copy of the data"), ("erasure", "erasure")],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "open"), ("done", "done"), ("refused", "refused")],
                        default="open",
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                ("due_on", models.DateField(verbose_name="due on")),
                ("note", models.TextField(blank=True, verbose_name="note")),
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
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical data request",
                "verbose_name_plural": "historical data requests",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalUser",
            fields=[
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("id", models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                (
                    "phone",
                    apps.common.fields.PhoneField(
                        db_index=True,
                        error_messages={"unique": "A person with this phone exists already."},
                        max_length=20,
                        verbose_name="phone",
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=160, verbose_name="name")),
                (
                    "locale",
                    models.CharField(
                        choices=[("ar", "Arabic"), ("en", "English")],
                        default="ar",
                        max_length=2,
                        verbose_name="language",
                    ),
                ),
                (
                    "marketing_consent",
                    models.BooleanField(default=False, verbose_name="agrees to promotional messages"),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="may sign in")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("erased_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="erased at")),
                ("history_change_reason", models.TextField(null=True)),
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
            ],
            options={
                "verbose_name": "historical person",
                "verbose_name_plural": "historical people",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=128, verbose_name="key")),
                ("method", models.CharField(max_length=8)),
                ("path", models.CharField(max_length=255, verbose_name="address")),
                ("body_hash", models.CharField(editable=False, max_length=64)),
                ("response_status", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="answer")),
                ("response_body", models.JSONField(blank=True, editable=False, null=True)),
                ("locked_until", models.DateTimeField(blank=True, null=True, verbose_name="running until")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="idempotency_keys",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "idempotency key",
                "verbose_name_plural": "idempotency keys",
                "ordering": ["-created_at", "-id"],
                "indexes": [models.Index(fields=["-created_at", "-id"], name="accounts_idem_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "key"), name="accounts_idempotency_key_once_per_person")
                ],
            },
        ),
        migrations.CreateModel(
            name="OtpChallenge",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("phone", apps.common.fields.PhoneField(max_length=20, verbose_name="phone")),
                (
                    "purpose",
                    models.CharField(
                        choices=[("sign_in", "sign in"), ("change_phone", "change of phone")],
                        default="sign_in",
                        max_length=16,
                        verbose_name="purpose",
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
                ("code_hmac", models.CharField(editable=False, max_length=64)),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("expires_at", models.DateTimeField(verbose_name="expires at")),
                ("used_at", models.DateTimeField(blank=True, null=True, verbose_name="used at")),
                ("superseded_at", models.DateTimeField(blank=True, null=True, verbose_name="replaced at")),
            ],
            options={
                "verbose_name": "sign-in code",
                "verbose_name_plural": "sign-in codes",
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(fields=["phone", "-created_at"], name="accounts_otp_by_phone"),
                    models.Index(fields=["-created_at", "-id"], name="accounts_otp_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("attempts__lte", 5)), name="accounts_otp_at_most_5_attempts"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TokenFamily",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("current_jti_hash", models.CharField(editable=False, max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("expires_at", models.DateTimeField(verbose_name="expires at")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                ("revoked_reason", models.CharField(blank=True, max_length=64, verbose_name="reason")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="token_families",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "signed-in device",
                "verbose_name_plural": "signed-in devices",
                "ordering": ["-created_at", "-id"],
                "indexes": [models.Index(fields=["-created_at", "-id"], name="accounts_family_newest")],
            },
        ),
    ]
