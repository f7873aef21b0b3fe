import uuid

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import apps.common.constraints
import apps.common.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalSalon",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                ("name_ar", models.CharField(blank=True, max_length=160, verbose_name="Arabic name")),
                ("name_en", models.CharField(blank=True, max_length=160, verbose_name="English name")),
                ("search_text", models.CharField(blank=True, editable=False, max_length=400)),
                ("slug", models.SlugField(help_text="Part of the salon's web address.", verbose_name="address name")),
                (
                    "audience",
                    models.CharField(
                        choices=[("women", "women"), ("men", "men"), ("family", "families")],
                        default="women",
                        max_length=16,
                        verbose_name="for",
                    ),
                ),
                (
                    "city",
                    models.CharField(
                        choices=[
                            ("riyadh", "Riyadh"),
                            ("jeddah", "Jeddah"),
                            ("makkah", "Makkah"),
                            ("madinah", "Madinah"),
                            ("dammam", "Dammam"),
                            ("khobar", "Khobar"),
                        ],
                        default="riyadh",
                        max_length=16,
                        verbose_name="city",
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=255, verbose_name="street address")),
                ("phone", apps.common.fields.PhoneField(blank=True, max_length=20, verbose_name="phone")),
                ("timezone", models.CharField(default="Asia/Riyadh", max_length=64, verbose_name="time zone")),
                ("offers_home_service", models.BooleanField(default=False, verbose_name="visits customers at home")),
                (
                    "home_service_licence",
                    models.CharField(blank=True, max_length=64, verbose_name="home service licence"),
                ),
                (
                    "vat_number",
                    models.CharField(
                        blank=True,
                        help_text="Left empty, the salon charges no VAT.",
                        max_length=15,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^3\\d{13}3$", "A VAT number has 15 digits and starts and ends with 3."
                            )
                        ],
                        verbose_name="VAT number",
                    ),
                ),
                (
                    "confirmation",
                    models.CharField(
                        choices=[
                            ("automatic", "confirmed at once"),
                            ("by_hand", "confirmed by the salon"),
                            ("payment", "confirmed when paid"),
                        ],
                        default="automatic",
                        max_length=16,
                        verbose_name="bookings are",
                    ),
                ),
                (
                    "deposit_percent",
                    models.PositiveSmallIntegerField(
                        default=100,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="share to pay in advance, %",
                    ),
                ),
                ("hold_minutes", models.PositiveSmallIntegerField(default=15, verbose_name="minutes to pay")),
                (
                    "slot_step_minutes",
                    models.PositiveSmallIntegerField(default=15, verbose_name="minutes between start times"),
                ),
                ("lead_time_minutes", models.PositiveIntegerField(default=60, verbose_name="shortest notice, minutes")),
                (
                    "horizon_days",
                    models.PositiveSmallIntegerField(default=60, verbose_name="days that can be booked ahead"),
                ),
                (
                    "free_cancellation_hours",
                    models.PositiveSmallIntegerField(default=24, verbose_name="cancelling is free until, hours"),
                ),
                (
                    "late_cancellation_percent",
                    models.PositiveSmallIntegerField(
                        default=50,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="fee after that, % of the price",
                    ),
                ),
                (
                    "no_show_grace_minutes",
                    models.PositiveSmallIntegerField(default=15, verbose_name="minutes until a no-show"),
                ),
                (
                    "refund_limit",
                    models.DecimalField(
                        decimal_places=2, default=500, max_digits=10, verbose_name="refund a manager may approve alone"
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="open for business")),
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
                "verbose_name": "historical salon",
                "verbose_name_plural": "historical salons",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Salon",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("name_ar", models.CharField(blank=True, max_length=160, verbose_name="Arabic name")),
                ("name_en", models.CharField(blank=True, max_length=160, verbose_name="English name")),
                ("search_text", models.CharField(blank=True, editable=False, max_length=400)),
                (
                    "slug",
                    models.SlugField(
                        help_text="Part of the salon's web address.", unique=True, verbose_name="address name"
                    ),
                ),
                (
                    "audience",
                    models.CharField(
                        choices=[("women", "women"), ("men", "men"), ("family", "families")],
                        default="women",
                        max_length=16,
                        verbose_name="for",
                    ),
                ),
                (
                    "city",
                    models.CharField(
                        choices=[
                            ("riyadh", "Riyadh"),
                            ("jeddah", "Jeddah"),
                            ("makkah", "Makkah"),
                            ("madinah", "Madinah"),
                            ("dammam", "Dammam"),
                            ("khobar", "Khobar"),
                        ],
                        default="riyadh",
                        max_length=16,
                        verbose_name="city",
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=255, verbose_name="street address")),
                ("phone", apps.common.fields.PhoneField(blank=True, max_length=20, verbose_name="phone")),
                ("timezone", models.CharField(default="Asia/Riyadh", max_length=64, verbose_name="time zone")),
                ("offers_home_service", models.BooleanField(default=False, verbose_name="visits customers at home")),
                (
                    "home_service_licence",
                    models.CharField(blank=True, max_length=64, verbose_name="home service licence"),
                ),
                (
                    "vat_number",
                    models.CharField(
                        blank=True,
                        help_text="Left empty, the salon charges no VAT.",
                        max_length=15,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^3\\d{13}3$", "A VAT number has 15 digits and starts and ends with 3."
                            )
                        ],
                        verbose_name="VAT number",
                    ),
                ),
                (
                    "confirmation",
                    models.CharField(
                        choices=[
                            ("automatic", "confirmed at once"),
                            ("by_hand", "confirmed by the salon"),
                            ("payment", "confirmed when paid"),
                        ],
                        default="automatic",
                        max_length=16,
                        verbose_name="bookings are",
                    ),
                ),
                (
                    "deposit_percent",
                    models.PositiveSmallIntegerField(
                        default=100,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="share to pay in advance, %",
                    ),
                ),
                ("hold_minutes", models.PositiveSmallIntegerField(default=15, verbose_name="minutes to pay")),
                (
                    "slot_step_minutes",
                    models.PositiveSmallIntegerField(default=15, verbose_name="minutes between start times"),
                ),
                ("lead_time_minutes", models.PositiveIntegerField(default=60, verbose_name="shortest notice, minutes")),
                (
                    "horizon_days",
                    models.PositiveSmallIntegerField(default=60, verbose_name="days that can be booked ahead"),
                ),
                (
                    "free_cancellation_hours",
                    models.PositiveSmallIntegerField(default=24, verbose_name="cancelling is free until, hours"),
                ),
                (
                    "late_cancellation_percent",
                    models.PositiveSmallIntegerField(
                        default=50,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="fee after that, % of the price",
                    ),
                ),
                (
                    "no_show_grace_minutes",
                    models.PositiveSmallIntegerField(default=15, verbose_name="minutes until a no-show"),
                ),
                (
                    "refund_limit",
                    models.DecimalField(
                        decimal_places=2, default=500, max_digits=10, verbose_name="refund a manager may approve alone"
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="open for business")),
            ],
            options={
                "verbose_name": "salon",
                "verbose_name_plural": "salons",
                "ordering": ["slug"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name_ar", ""), _negated=True),
                            models.Q(("name_en", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="salons_salon_has_name",
                        violation_error_code="name_required",
                        violation_error_message="Enter a name in Arabic or in English.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("deposit_percent__range", (1, 100))),
                        name="salons_salon_deposit_percent",
                        violation_error_message="The share paid in advance lies between 1 and 100 percent.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("late_cancellation_percent__lte", 100)),
                        name="salons_salon_cancellation_percent",
                        violation_error_message="A cancellation fee is at most 100 percent of the price.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("slot_step_minutes__range", (5, 240))),
                        name="salons_salon_slot_step",
                        violation_error_message="Start times lie between 5 and 240 minutes apart.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("hold_minutes__range", (5, 120))),
                        name="salons_salon_hold_minutes",
                        violation_error_message="Customers get between 5 and 120 minutes to pay.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("horizon_days__range", (1, 366))),
                        name="salons_salon_horizon",
                        violation_error_message="Bookings are possible between 1 and 366 days ahead.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("refund_limit__gte", 0)),
                        name="salons_salon_refund_limit",
                        violation_error_message="The refund limit cannot be negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("vat_number", ""),
                            models.Q(
                                django.db.models.lookups.Exact(
                                    django.db.models.functions.text.Length("vat_number"), 15
                                ),
                                ("vat_number__endswith", "3"),
                                ("vat_number__startswith", "3"),
                            ),
                            _connector="OR",
                        ),
                        name="salons_salon_vat_number",
                        violation_error_message="A VAT number has 15 digits and starts and ends with 3.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("offers_home_service", False),
                            models.Q(("home_service_licence", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="salons_salon_home_service_licence",
                        violation_error_message="Home service needs its licence number.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalStaff",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "public_id",
                    models.UUIDField(db_index=True, default=uuid.uuid4, editable=False, verbose_name="public number"),
                ),
                ("name_ar", models.CharField(blank=True, max_length=160, verbose_name="Arabic name")),
                ("name_en", models.CharField(blank=True, max_length=160, verbose_name="English name")),
                ("search_text", models.CharField(blank=True, editable=False, max_length=400)),
                (
                    "gender",
                    models.CharField(
                        choices=[("female", "female"), ("male", "male")],
                        default="female",
                        max_length=8,
                        verbose_name="gender",
                    ),
                ),
                ("title_ar", models.CharField(blank=True, max_length=120, verbose_name="Arabic title")),
                ("title_en", models.CharField(blank=True, max_length=120, verbose_name="English title")),
                ("color", models.CharField(default="#7c3aed", max_length=7, verbose_name="colour in the calendar")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("is_active", models.BooleanField(default=True, verbose_name="takes bookings")),
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
                        verbose_name="sign-in",
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
                "verbose_name": "historical staff member",
                "verbose_name_plural": "historical staff",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalServiceCategory",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "public_id",
                    models.UUIDField(db_index=True, default=uuid.uuid4, editable=False, verbose_name="public number"),
                ),
                ("name_ar", models.CharField(blank=True, max_length=160, verbose_name="Arabic name")),
                ("name_en", models.CharField(blank=True, max_length=160, verbose_name="English name")),
                ("search_text", models.CharField(blank=True, editable=False, max_length=400)),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("is_active", models.BooleanField(default=True, verbose_name="shown")),
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
                "verbose_name": "historical category",
                "verbose_name_plural": "historical categories",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalMembership",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "role",
                    models.CharField(
                        choices=[("manager", "manager"), ("receptionist", "receptionist"), ("stylist", "stylist")],
                        max_length=16,
                        verbose_name="role",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
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
                "verbose_name": "historical team member",
                "verbose_name_plural": "historical team members",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalCustomer",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "notes",
                    models.TextField(
                        blank=True, help_text="Seen by this salon only, never by the customer.", verbose_name="notes"
                    ),
                ),
                ("is_blocked", models.BooleanField(default=False, verbose_name="may not book online")),
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
                "verbose_name": "historical customer",
                "verbose_name_plural": "historical customers",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "notes",
                    models.TextField(
                        blank=True, help_text="Seen by this salon only, never by the customer.", verbose_name="notes"
                    ),
                ),
                ("is_blocked", models.BooleanField(default=False, verbose_name="may not book online")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="customer_cards",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
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
                "verbose_name": "customer",
                "verbose_name_plural": "customers",
                "ordering": ["-created_at", "-pk"],
                "indexes": [models.Index(fields=["salon", "-created_at", "-id"], name="salons_customer_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("salon", "id"), name="salons_customer_salon_key"),
                    models.UniqueConstraint(
                        fields=("salon", "user"),
                        name="salons_customer_one_card",
                        violation_error_message="This salon has a card of this customer already.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ServiceCategory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "public_id",
                    models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="public number"),
                ),
                ("name_ar", models.CharField(blank=True, max_length=160, verbose_name="Arabic name")),
                ("name_en", models.CharField(blank=True, max_length=160, verbose_name="English name")),
                ("search_text", models.CharField(blank=True, editable=False, max_length=400)),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("is_active", models.BooleanField(default=True, verbose_name="shown")),
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
                "verbose_name": "category",
                "verbose_name_plural": "categories",
                "ordering": ["salon", "position", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("salon", "id"), name="salons_servicecategory_salon_key"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name_ar", ""), _negated=True),
                            models.Q(("name_en", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="salons_servicecategory_has_name",
                        violation_error_code="name_required",
                        violation_error_message="Enter a name in Arabic or in English.",
                    ),
                    models.UniqueConstraint(
                        fields=("salon", "search_text"),
                        name="salons_servicecategory_unique_name",
                        violation_error_message="This salon has a category of this name already.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Service",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "public_id",
                    models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="public number"),
                ),
                ("name_ar", models.CharField(blank=True, max_length=160, verbose_name="Arabic name")),
                ("name_en", models.CharField(blank=True, max_length=160, verbose_name="English name")),
                ("search_text", models.CharField(blank=True, editable=False, max_length=400)),
                (
                    "code",
                    models.CharField(
                        help_text="Short, unique in the salon, kept by import and export.",
                        max_length=32,
                        verbose_name="code",
                    ),
                ),
                ("description_ar", models.TextField(blank=True, verbose_name="Arabic description")),
                ("description_en", models.TextField(blank=True, verbose_name="English description")),
                ("duration_minutes", models.PositiveSmallIntegerField(verbose_name="duration, minutes")),
                (
                    "buffer_before_minutes",
                    models.PositiveSmallIntegerField(default=0, verbose_name="preparation before, minutes"),
                ),
                (
                    "buffer_after_minutes",
                    models.PositiveSmallIntegerField(default=0, verbose_name="cleaning up after, minutes"),
                ),
                (
                    "price_amount",
                    models.DecimalField(decimal_places=2, max_digits=10, verbose_name="price incl. VAT, SAR"),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("is_active", models.BooleanField(default=True, verbose_name="can be booked")),
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
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="services",
                        to="salons.servicecategory",
                        verbose_name="category",
                    ),
                ),
            ],
            options={
                "verbose_name": "service",
                "verbose_name_plural": "services",
                "ordering": ["salon", "category__position", "position", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("salon", "id"), name="salons_service_salon_key"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name_ar", ""), _negated=True),
                            models.Q(("name_en", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="salons_service_has_name",
                        violation_error_code="name_required",
                        violation_error_message="Enter a name in Arabic or in English.",
                    ),
                    apps.common.constraints.SameSalon(
                        field="category", name="salons_service_same_salon_category", violation_error_code="other_salon"
                    ),
                    models.UniqueConstraint(
                        fields=("salon", "code"),
                        name="salons_service_unique_code",
                        violation_error_code="unique",
                        violation_error_message="This salon has a service with this code already.",
                    ),
                    models.UniqueConstraint(
                        fields=("category", "search_text"),
                        name="salons_service_unique_name",
                        violation_error_message="This category has a service of this name already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("duration_minutes__range", (5, 1440))),
                        name="salons_service_duration",
                        violation_error_message="A service takes between 5 minutes and 24 hours.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("buffer_after_minutes__lte", 480), ("buffer_before_minutes__lte", 480)),
                        name="salons_service_buffers",
                        violation_error_message="Preparation and cleaning up take at most 8 hours each.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price_amount__gt", 0)),
                        name="salons_service_price",
                        violation_error_message="A price is greater than zero.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalService",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "public_id",
                    models.UUIDField(db_index=True, default=uuid.uuid4, editable=False, verbose_name="public number"),
                ),
                ("name_ar", models.CharField(blank=True, max_length=160, verbose_name="Arabic name")),
                ("name_en", models.CharField(blank=True, max_length=160, verbose_name="English name")),
                ("search_text", models.CharField(blank=True, editable=False, max_length=400)),
                (
                    "code",
                    models.CharField(
                        help_text="Short, unique in the salon, kept by import and export.",
                        max_length=32,
                        verbose_name="code",
                    ),
                ),
                ("description_ar", models.TextField(blank=True, verbose_name="Arabic description")),
                ("description_en", models.TextField(blank=True, verbose_name="English description")),
                ("duration_minutes", models.PositiveSmallIntegerField(verbose_name="duration, minutes")),
                (
                    "buffer_before_minutes",
                    models.PositiveSmallIntegerField(default=0, verbose_name="preparation before, minutes"),
                ),
                (
                    "buffer_after_minutes",
                    models.PositiveSmallIntegerField(default=0, verbose_name="cleaning up after, minutes"),
                ),
                (
                    "price_amount",
                    models.DecimalField(decimal_places=2, max_digits=10, verbose_name="price incl. VAT, SAR"),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("is_active", models.BooleanField(default=True, verbose_name="can be booked")),
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
                    "category",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="salons.servicecategory",
                        verbose_name="category",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical service",
                "verbose_name_plural": "historical services",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Staff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "public_id",
                    models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="public number"),
                ),
                ("name_ar", models.CharField(blank=True, max_length=160, verbose_name="Arabic name")),
                ("name_en", models.CharField(blank=True, max_length=160, verbose_name="English name")),
                ("search_text", models.CharField(blank=True, editable=False, max_length=400)),
                (
                    "gender",
                    models.CharField(
                        choices=[("female", "female"), ("male", "male")],
                        default="female",
                        max_length=8,
                        verbose_name="gender",
                    ),
                ),
                ("title_ar", models.CharField(blank=True, max_length=120, verbose_name="Arabic title")),
                ("title_en", models.CharField(blank=True, max_length=120, verbose_name="English title")),
                ("color", models.CharField(default="#7c3aed", max_length=7, verbose_name="colour in the calendar")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("is_active", models.BooleanField(default=True, verbose_name="takes bookings")),
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
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staff_entries",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="sign-in",
                    ),
                ),
            ],
            options={
                "verbose_name": "staff member",
                "verbose_name_plural": "staff",
                "ordering": ["salon", "position", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("salon", "id"), name="salons_staff_salon_key"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name_ar", ""), _negated=True),
                            models.Q(("name_en", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="salons_staff_has_name",
                        violation_error_code="name_required",
                        violation_error_message="Enter a name in Arabic or in English.",
                    ),
                    models.UniqueConstraint(
                        fields=("salon", "user"),
                        name="salons_staff_one_entry_per_person",
                        violation_error_message="This sign-in belongs to another staff member already.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScheduleException",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("name_ar", models.CharField(blank=True, max_length=160, verbose_name="Arabic name")),
                ("name_en", models.CharField(blank=True, max_length=160, verbose_name="English name")),
                ("search_text", models.CharField(blank=True, editable=False, max_length=400)),
                (
                    "kind",
                    models.CharField(
                        choices=[("closed", "closed"), ("special_hours", "special hours"), ("season", "season")],
                        default="closed",
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="first day")),
                ("ends_on", models.DateField(verbose_name="last day")),
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
                    "staff",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="schedule_exceptions",
                        to="salons.staff",
                        verbose_name="staff member",
                    ),
                ),
            ],
            options={
                "verbose_name": "closed day or season",
                "verbose_name_plural": "closed days and seasons",
                "ordering": ["-starts_on", "-pk"],
                "indexes": [models.Index(fields=["salon", "-starts_on", "-id"], name="salons_exception_by_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("salon", "id"), name="salons_scheduleexception_salon_key"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name_ar", ""), _negated=True),
                            models.Q(("name_en", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="salons_scheduleexception_has_name",
                        violation_error_code="name_required",
                        violation_error_message="Enter a name in Arabic or in English.",
                    ),
                    apps.common.constraints.SameSalon(
                        field="staff",
                        name="salons_scheduleexception_same_salon_staff",
                        violation_error_code="other_salon",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_on__gte", models.F("starts_on"))),
                        name="salons_scheduleexception_order",
                        violation_error_message="The last day is not before the first.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("rating", models.PositiveSmallIntegerField(verbose_name="rating")),
                ("comment", models.TextField(blank=True, max_length=2000, verbose_name="comment")),
                ("is_published", models.BooleanField(default=True, verbose_name="shown to customers")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="salons.customer",
                        verbose_name="customer",
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
                        related_name="reviews",
                        to="salons.service",
                        verbose_name="service",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="salons.staff",
                        verbose_name="staff member",
                    ),
                ),
            ],
            options={
                "verbose_name": "review",
                "verbose_name_plural": "reviews",
                "ordering": ["-created_at", "-pk"],
                "indexes": [models.Index(fields=["salon", "-created_at", "-id"], name="salons_review_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("salon", "id"), name="salons_review_salon_key"),
                    apps.common.constraints.SameSalon(
                        field="customer", name="salons_review_same_salon_customer", violation_error_code="other_salon"
                    ),
                    apps.common.constraints.SameSalon(
                        field="service", name="salons_review_same_salon_service", violation_error_code="other_salon"
                    ),
                    apps.common.constraints.SameSalon(
                        field="staff", name="salons_review_same_salon_staff", violation_error_code="other_salon"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rating__range", (1, 5))),
                        name="salons_review_rating",
                        violation_error_code="rating_out_of_range",
                        violation_error_message="A rating lies between 1 and 5.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalWeeklyHours",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "Monday"),
                            (1, "Tuesday"),
                            (2, "Wednesday"),
                            (3, "Thursday"),
                            (4, "Friday"),
                            (5, "Saturday"),
                            (6, "Sunday"),
                        ],
                        verbose_name="weekday",
                    ),
                ),
                ("opens", models.TimeField(verbose_name="from")),
                ("closes", models.TimeField(verbose_name="until")),
                ("ends_next_day", models.BooleanField(default=False, verbose_name="until the next day")),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="valid from")),
                ("valid_until", models.DateField(blank=True, null=True, verbose_name="valid until")),
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
                    "exception",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="salons.scheduleexception",
                        verbose_name="only during",
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
                "verbose_name": "historical working hours",
                "verbose_name_plural": "historical working hours",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalTimeOff",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                ("reason", models.CharField(blank=True, max_length=160, verbose_name="reason")),
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
                "verbose_name": "historical time off",
                "verbose_name_plural": "historical time off",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalStaffService",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "price_amount",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=10, null=True, verbose_name="own price, SAR"
                    ),
                ),
                (
                    "duration_minutes",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="own duration, minutes"),
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
                "verbose_name": "historical who does what",
                "verbose_name_plural": "historical who does what",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalScheduleException",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                ("name_ar", models.CharField(blank=True, max_length=160, verbose_name="Arabic name")),
                ("name_en", models.CharField(blank=True, max_length=160, verbose_name="English name")),
                ("search_text", models.CharField(blank=True, editable=False, max_length=400)),
                (
                    "kind",
                    models.CharField(
                        choices=[("closed", "closed"), ("special_hours", "special hours"), ("season", "season")],
                        default="closed",
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="first day")),
                ("ends_on", models.DateField(verbose_name="last day")),
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
                "verbose_name": "historical closed day or season",
                "verbose_name_plural": "historical closed days and seasons",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalReview",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                ("history_change_reason", models.TextField(null=True)),
                ("rating", models.PositiveSmallIntegerField(verbose_name="rating")),
                ("comment", models.TextField(blank=True, max_length=2000, verbose_name="comment")),
                ("is_published", models.BooleanField(default=True, verbose_name="shown to customers")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
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
                "verbose_name": "historical review",
                "verbose_name_plural": "historical reviews",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="StaffService",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "price_amount",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=10, null=True, verbose_name="own price, SAR"
                    ),
                ),
                (
                    "duration_minutes",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="own duration, minutes"),
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staff_services",
                        to="salons.service",
                        verbose_name="service",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staff_services",
                        to="salons.staff",
                        verbose_name="staff member",
                    ),
                ),
            ],
            options={
                "verbose_name": "who does what",
                "verbose_name_plural": "who does what",
                "ordering": ["staff", "service", "pk"],
                "constraints": [
                    apps.common.constraints.SameSalon(
                        field="staff", name="salons_staffservice_same_salon_staff", violation_error_code="other_salon"
                    ),
                    apps.common.constraints.SameSalon(
                        field="service",
                        name="salons_staffservice_same_salon_service",
                        violation_error_code="other_salon",
                    ),
                    models.UniqueConstraint(
                        fields=("staff", "service"),
                        name="salons_staffservice_once",
                        violation_error_message="This staff member does this service already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price_amount__isnull", True), ("price_amount__gt", 0), _connector="OR"),
                        name="salons_staffservice_price",
                        violation_error_message="A price is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("duration_minutes__isnull", True), ("duration_minutes__range", (5, 1440)), _connector="OR"
                        ),
                        name="salons_staffservice_duration",
                        violation_error_message="A service takes between 5 minutes and 24 hours.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TimeOff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                ("reason", models.CharField(blank=True, max_length=160, verbose_name="reason")),
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
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="time_off",
                        to="salons.staff",
                        verbose_name="staff member",
                    ),
                ),
            ],
            options={
                "verbose_name": "time off",
                "verbose_name_plural": "time off",
                "ordering": ["-starts_at", "-pk"],
                "indexes": [
                    models.Index(fields=["salon", "-starts_at", "-id"], name="salons_timeoff_newest"),
                    models.Index(fields=["staff", "starts_at", "ends_at"], name="salons_timeoff_by_staff"),
                ],
                "constraints": [
                    apps.common.constraints.SameSalon(
                        field="staff", name="salons_timeoff_same_salon_staff", violation_error_code="other_salon"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="salons_timeoff_order",
                        violation_error_message="The end lies after the start.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WeeklyHours",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "Monday"),
                            (1, "Tuesday"),
                            (2, "Wednesday"),
                            (3, "Thursday"),
                            (4, "Friday"),
                            (5, "Saturday"),
                            (6, "Sunday"),
                        ],
                        verbose_name="weekday",
                    ),
                ),
                ("opens", models.TimeField(verbose_name="from")),
                ("closes", models.TimeField(verbose_name="until")),
                ("ends_next_day", models.BooleanField(default=False, verbose_name="until the next day")),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="valid from")),
                ("valid_until", models.DateField(blank=True, null=True, verbose_name="valid until")),
                (
                    "exception",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="weekly_hours",
                        to="salons.scheduleexception",
                        verbose_name="only during",
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
                    "staff",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="weekly_hours",
                        to="salons.staff",
                        verbose_name="staff member",
                    ),
                ),
            ],
            options={
                "verbose_name": "working hours",
                "verbose_name_plural": "working hours",
                "ordering": ["salon", "staff", "weekday", "opens", "pk"],
                "constraints": [
                    apps.common.constraints.SameSalon(
                        field="staff", name="salons_weeklyhours_same_salon_staff", violation_error_code="other_salon"
                    ),
                    apps.common.constraints.SameSalon(
                        field="exception",
                        name="salons_weeklyhours_same_salon_exception",
                        violation_error_code="other_salon",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("weekday__range", (0, 6))),
                        name="salons_weeklyhours_weekday",
                        violation_error_message="A week has seven days.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closes__gt", models.F("opens")), ("ends_next_day", False)),
                            models.Q(("closes__lte", models.F("opens")), ("ends_next_day", True)),
                            _connector="OR",
                        ),
                        name="salons_weeklyhours_order",
                        violation_error_message="The end lies after the start; for a night shift or 24:00 tick “until the next day”.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_from__isnull", True),
                            ("valid_until__isnull", True),
                            ("valid_until__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="salons_weeklyhours_validity",
                        violation_error_message="The last day is not before the first.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "role",
                    models.CharField(
                        choices=[("manager", "manager"), ("receptionist", "receptionist"), ("stylist", "stylist")],
                        max_length=16,
                        verbose_name="role",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "salon",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="salons.salon",
                        verbose_name="salon",
                    ),
                ),
            ],
            options={
                "verbose_name": "team member",
                "verbose_name_plural": "team members",
                "ordering": ["salon", "role", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("salon", "user"),
                        name="salons_membership_one_role",
                        violation_error_message="This person has a role in this salon already.",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="Staff",
            name="services",
            field=models.ManyToManyField(
                related_name="staff", through="salons.StaffService", to="salons.service", verbose_name="services"
            ),
        ),
    ]
