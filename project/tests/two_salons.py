"""Two salons with a row of every model each, for the tests of the walls. Every text of the second holds a mark."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import DEFAULT_DB_ALIAS, models
from django.utils import timezone

from apps.accounts.models import (
    DataRequest,
    ExportLog,
    IdempotencyKey,
    OtpChallenge,
    PhoneGuard,
    TokenFamily,
    User,
)
from apps.accounts.roles import PlatformRole, SalonRole
from apps.accounts.tests import factories as accounts
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.common.constraints import AppendOnly
from apps.common.fields import PhoneField
from apps.notifications.models import DeliveryAttempt, DeliveryReceipt, MessageSettings, Notification, Template
from apps.notifications.tests.factories import (
    AttemptFactory,
    MessageSettingsFactory,
    NotificationFactory,
    TemplateFactory,
)
from apps.payments.journal import sealed, step
from apps.payments.models import (
    MoneyEvent,
    Payment,
    ReconciliationFinding,
    ReconciliationRun,
    Refund,
    TaxDocument,
    TaxSubmission,
    TillCount,
    WebhookEvent,
)
from apps.salons.models import (
    Customer,
    ImportRun,
    Membership,
    PrayerTime,
    Review,
    Salon,
    ScheduleException,
    Service,
    ServiceCategory,
    Staff,
    StaffService,
    TimeOff,
    WeeklyHours,
)
from apps.salons.tests import factories as salons

# With a sign that no random token of a page holds.
MARK = "zx~qv"
# A search for this word finds rows that hold the mark, while the echo of the word on the page does not hold it.
WORD = "kappa"
PLAIN = {
    "currency",
    "timezone",
    "color",
    "vat_number",
    "slug",
    "code_hmac",
    "current_jti_hash",
    "password",
    "model_label",
    "lines",
    "reminder_hours",
}
PHONE = "+966599887766"

Rows = dict[type[models.Model], Any]


@dataclass
class TwoSalons:
    """`ours[Service]` is a row of the first salon, `theirs[Service]` one of the second."""

    ours: Rows
    theirs: Rows


def two_salons() -> TwoSalons:
    theirs = every_row()
    for row in theirs.values():
        mark(row)
    User.objects.filter(pk=theirs[User].pk).update(phone=PHONE)
    return TwoSalons(ours=every_row(), theirs=theirs)


def every_row() -> Rows:
    """A salon with one row of every model that an admin shows."""
    salon = salons.SalonFactory()
    rows = {Salon: salon, **catalogue(salon)}
    rows |= money(rows[Booking])
    rows[MessageSettings] = MessageSettingsFactory(salon=salon)
    rows[Template] = TemplateFactory(salon=salon)
    rows[Notification] = NotificationFactory(booking=rows[Booking])
    rows[DeliveryAttempt] = AttemptFactory(notification=rows[Notification], provider="console")
    rows[DeliveryReceipt] = DeliveryReceipt.objects.create(
        salon=salon, notification=rows[Notification], provider_status="delivered"
    )
    return rows | platform(rows[User])


def catalogue(salon: Salon) -> Rows:
    person = accounts.UserFactory()
    category = salons.ServiceCategoryFactory(salon=salon)
    service = salons.ServiceFactory(salon=salon, category=category)
    staff = salons.StaffFactory(salon=salon)
    customer = salons.CustomerFactory(salon=salon, user=person)
    exception = salons.ScheduleExceptionFactory(salon=salon)
    return {
        User: person,
        ServiceCategory: category,
        Service: service,
        Staff: staff,
        Customer: customer,
        ScheduleException: exception,
        StaffService: salons.StaffServiceFactory(salon=salon, staff=staff, service=service),
        WeeklyHours: salons.WeeklyHoursFactory(salon=salon, staff=staff),
        PrayerTime: salons.PrayerTimeFactory(salon=salon),
        ImportRun: salons.ImportRunFactory(salon=salon, actor=person),
        TimeOff: salons.TimeOffFactory(salon=salon, staff=staff),
        Review: salons.ReviewFactory(salon=salon, customer=customer, service=service, staff=staff),
        Membership: salons.MembershipFactory(salon=salon, role=SalonRole.RECEPTIONIST),
        Booking: BookingFactory(salon=salon, customer=customer, service=service, staff=staff),
    }


def money(booking: Booking) -> Rows:
    salon, amount = booking.salon, booking.price_amount
    payment = Payment.objects.create(
        salon=salon, booking=booking, amount=amount, captured_amount=amount, status=Payment.Status.PAID
    )
    refund = Refund.objects.create(salon=salon, payment=payment, amount=Decimal("1.00"), reason="late")
    run = ReconciliationRun.objects.create(since=timezone.now())
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
    [event] = sealed([step(payment, at=timezone.now())])
    event.save()
    return {
        Payment: payment,
        Refund: refund,
        MoneyEvent: event,
        TillCount: TillCount.objects.create(
            salon=salon,
            day=timezone.localdate(),
            counted_cash=1,
            counted_terminal=2,
            expected_cash=1,
            expected_terminal=2,
            counted_by=booking.booked_by,
        ),
        TaxDocument: document,
        TaxSubmission: TaxSubmission.objects.create(
            salon=salon, document=document, deadline_at=timezone.now(), next_try_at=timezone.now()
        ),
        ReconciliationRun: run,
        ReconciliationFinding: ReconciliationFinding.objects.create(
            salon=salon, run=run, payment=payment, kind=ReconciliationFinding.Kind.AMOUNT, ours="1.00", theirs="2.00"
        ),
        WebhookEvent: WebhookEvent.objects.create(
            provider="moyasar", event_id=str(payment.pk), kind="payment_paid", payload={"id": str(payment.pk)}
        ),
    }


def platform(person: User) -> Rows:
    accounts.AppFactory(user=person)
    return {
        Group: Group.objects.get(name=PlatformRole.SUPPORT),
        OtpChallenge: accounts.OtpChallengeFactory(phone=person.phone),
        PhoneGuard: accounts.PhoneGuardFactory(phone=person.phone),
        TokenFamily: accounts.TokenFamilyFactory(user=person),
        IdempotencyKey: accounts.IdempotencyKeyFactory(user=person),
        DataRequest: accounts.DataRequestFactory(user=person),
        ExportLog: accounts.ExportLogFactory(actor=person),
    }


def mark(row: models.Model) -> None:
    """Write the mark into every free text of `row`, and so into its history; what is never changed has no free text."""
    if isinstance(row, Group) or any(isinstance(rule, AppendOnly) for rule in row._meta.constraints):
        return
    for field in row._meta.concrete_fields:
        free = isinstance(field, models.CharField | models.TextField) and not field.choices
        if free and not isinstance(field, PhoneField) and field.name not in PLAIN:
            setattr(row, field.name, f"{MARK} {WORD}"[: field.max_length or 20])
        if isinstance(field, models.JSONField) and field.name not in PLAIN:
            setattr(row, field.name, {"text": f"{MARK} {WORD}"})
    store(row)


def store(row: models.Model) -> None:
    """Save `row`; one of a table that refuses every UPDATE takes its own place anew."""
    is_final = any(isinstance(rule, AppendOnly) for rule in row._meta.constraints)
    if is_final:
        type(row)._base_manager.filter(pk=row.pk)._raw_delete(DEFAULT_DB_ALIAS)
    row.save(force_insert=is_final)


def add_rows(model: type[models.Model], count: int) -> None:
    """`count` more rows of `model`, each in a salon of its own."""
    if model is Group:
        Group.objects.bulk_create(Group(name=f"group {number}-{Group.objects.count()}") for number in range(count))
        return
    for _number in range(count):
        every_row()


def shown_models() -> list[type[models.Model]]:
    """Models with an admin, in a fixed order."""
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


def domain_models() -> list[type[models.Model]]:
    """Models of our own apps, histories left out."""
    return [
        m for m in apps.get_models() if m.__module__.startswith("apps.") and not m.__name__.startswith("Historical")
    ]


def member(salon: Salon, role: SalonRole = SalonRole.MANAGER, **fields: Any) -> User:
    """Somebody with `role` in `salon`; a stylist is linked to a staff row of it."""
    person: User = accounts.UserFactory.create(**fields)
    salons.MembershipFactory(salon=salon, user=person, role=role)
    if role == SalonRole.STYLIST:
        salons.StaffFactory(salon=salon, user=person)
    return person


def tomorrow() -> Any:
    return timezone.now() + timedelta(days=1)
