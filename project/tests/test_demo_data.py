"""What the demo fills a database with, on a fiftieth of its size."""

import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services.retention import forget_old_rows
from apps.bookings.availability import to_minutes
from apps.bookings.models import Booking
from apps.notifications.models import Notification
from apps.payments import services as payments
from apps.payments.daily import flows_of_day
from apps.payments.models import (
    MoneyEvent,
    Payment,
    ReconciliationFinding,
    ReconciliationRun,
    Refund,
    TaxDocument,
    TillCount,
    WebhookEvent,
    WebhookRefusal,
)
from apps.payments.standin import Standin
from apps.salons.models import PrayerTime, Salon, Service, Staff, WeeklyHours
from apps.salons.prayer import CalledByHand, pauses_of
from project.admin_site.navigation import GROUPS
from project.demo.seeding import Gateway, Outcome, prepare
from project.demo.world import PAST_DAYS
from project.env import DEMO_PASSWORD
from project.passes import run_passes

SCALE = 0.02
WEDNESDAY = datetime(2026, 11, 18, 14, 40, tzinfo=UTC)  # 17:40 in Riyadh
TRACKED = [model for model in apps.get_models() if hasattr(model, "history")]


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker, tmp_path_factory):
    """A database that the demo filled on that Wednesday, for reading; gives the ledger of its gateway."""
    ledger = tmp_path_factory.mktemp("demo") / "ledger.sqlite3"
    with django_db_blocker.unblock(), transaction.atomic():
        assert prepare(Gateway("http://127.0.0.1:8001", ledger), now=WEDNESDAY, scale=SCALE) is Outcome.MADE
        yield ledger
        transaction.set_rollback(True)


def served_or_ahead(salon):
    return Booking.objects.filter(salon=salon).exclude(status__in=["cancelled", "expired"])


def counts():
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


@pytest.mark.django_db
def test_no_entry_of_the_sidebar_is_empty(filled):
    # Nobody in the demo reports to the tax authority, so nothing waits for it.
    labels = {label for _title, entries in GROUPS for label, _icon in entries} - {"payments.taxsubmission"}

    assert [label for label in labels if not apps.get_model(label)._base_manager.exists()] == []


@pytest.mark.django_db
def test_four_salons_with_their_team_and_the_imported_price_list(filled):
    assert list(Salon.objects.values_list("slug", "confirmation", "audience", "city")) == [
        ("areej-riyadh", "automatic", "women", "riyadh"),
        ("fakhama-barber", "by_hand", "men", "riyadh"),
        ("lamar-jeddah", "payment", "family", "jeddah"),
        ("rahaf-at-home", "by_hand", "women", "riyadh"),
    ]
    assert Staff.objects.count() == 25
    assert Service.objects.filter(salon__slug="areej-riyadh").count() == 71
    haircut = Service.objects.get(salon__slug="areej-riyadh", name_en="Haircut")
    assert (haircut.price_amount, haircut.duration_minutes) == (Decimal("130.00"), 45)


@pytest.mark.django_db
def test_av47_everybody_may_work_where_they_work(filled):
    for row in [*Salon.objects.all(), *Staff.objects.select_related("salon")]:
        row.full_clean()


@pytest.mark.django_db
def test_nobody_is_booked_while_the_salon_pauses_for_prayer(filled):
    salon = Salon.objects.get(prayer_pause=Salon.PrayerPause.SALON)
    visits = served_or_ahead(salon)
    rows = PrayerTime.objects.filter(salon=salon).values_list("prayer", "called_at", "starts_on", "ends_on", "pk")
    pauses = pauses_of(salon, {visit.starts_at.date() for visit in visits}, [CalledByHand(*row) for row in rows])

    occupied = [(to_minutes(visit.occupied_from), to_minutes(visit.occupied_until)) for visit in visits]
    assert len(occupied) > 50
    assert [(a, b) for a, b in occupied if any(a < end and start < b for start, end, _prayer in pauses)] == []


@pytest.mark.django_db
def test_nobody_is_booked_into_a_break(filled):
    salon = Salon.objects.get(slug="areej-riyadh")
    breaks = WeeklyHours.objects.filter(salon=salon, is_break=True)
    visits = [
        (visit.staff_id, timezone.localtime(visit.occupied_from), timezone.localtime(visit.occupied_until))
        for visit in served_or_ahead(salon)
    ]

    assert len(breaks) > 40
    for pause in breaks:
        same_day = [span for staff, *span in visits if (staff, span[0].weekday()) == (pause.staff_id, pause.weekday)]
        assert [span for span in same_day if span[0].time() < pause.closes and pause.opens < span[1].time()] == []


@pytest.mark.django_db
def test_every_state_of_money_and_messages_is_there(filled):
    assert set(Booking.objects.values_list("status", flat=True)) == set(Booking.Status)
    assert set(Payment.objects.values_list("status", flat=True)) == set(Payment.Status)
    assert set(Payment.objects.values_list("method", flat=True)) == set(Payment.Method)
    assert set(Payment.objects.exclude(source="").values_list("source", flat=True)) == set(Payment.Source)
    assert Payment.objects.filter(status="failed", decline="insufficient_funds").exists()
    assert set(Refund.objects.values_list("status", flat=True)) == set(Refund.Status)
    assert set(Refund.objects.values_list("way", flat=True)) == set(Refund.Way)
    assert Refund.objects.filter(way="void", status="succeeded", payment__status="voided").exists()
    assert Refund.objects.filter(status="failed", resolved_by__isnull=False).exists()
    assert set(ReconciliationFinding.objects.values_list("kind", flat=True)) == set(ReconciliationFinding.Kind)
    assert set(TaxDocument.objects.values_list("kind", flat=True)) == set(TaxDocument.Kind)
    assert set(Notification.objects.values_list("status", flat=True)) == set(Notification.Status)
    assert set(WebhookEvent.objects.values_list("status", flat=True)) == set(WebhookEvent.Status)
    today = WebhookRefusal.objects.filter(day=WEDNESDAY.date()).values_list("reason", "count")
    assert set(today) == {("secret", 14), ("body", 2)}


@pytest.mark.django_db
def test_money_is_written_as_live_code_writes_it(filled):
    online = Payment.objects.filter(method="online")
    reserved, settled = online.filter(status="authorized"), online.filter(status__in=["paid", "captured"])

    assert not online.filter(source="").exists()
    assert not Payment.objects.exclude(method="online").exclude(source="").exists()
    assert {(str(one.pk), one.gateway_invoice_id) for one in reserved} == {
        (one.gateway_payment_id, "") for one in reserved
    }
    assert not reserved.filter(authorized_at=None).exists()
    assert not online.filter(status__in=["paid", "failed", "expired", "voided"], next_check_at__isnull=False).exists()
    assert not online.filter(status__in=["submitted", "initiated", "unknown"], next_check_at=None).exists()
    undecided = Refund.objects.filter(status__in=["review", "sending", "unknown"]).values("payment")
    read = settled.exclude(pk__in=undecided).values_list("captured_amount", "refunded_amount")
    shown = settled.exclude(pk__in=undecided).values_list("gateway_amount", "gateway_refunded_amount")
    assert list(read) == list(shown)
    assert not Refund.objects.filter(status="not_applied", payment__refund_reserved_amount=0).exists()
    assert MoneyEvent.objects.filter(refund__status="not_applied", refund_status="sending").exists()


@pytest.mark.django_db
def test_the_till_was_counted_each_evening_of_two_weeks_and_agrees_but_for_one(filled):
    for salon in Salon.objects.all():
        counts = TillCount.objects.filter(salon=salon)
        assert counts.count() == 14
        for count in counts:
            flows = flows_of_day(salon, count.day)
            assert (count.expected_cash, count.expected_terminal) == (flows["cash"].net, flows["terminal"].net)
        short = counts.filter(expected_cash__gte=0).exclude(counted_cash=F("expected_cash"))
        assert [(one.counted_cash - one.expected_cash, bool(one.note)) for one in short] == [(Decimal(-20), True)]


@pytest.mark.django_db
def test_every_report_of_a_comparison_is_sealed_but_the_one_that_failed(filled):
    runs = list(ReconciliationRun.objects.all())

    assert len(runs) == 24 * 14 + 1
    assert [run.finished_at for run in runs if not payments.is_intact(run)] == [None]


@pytest.mark.django_db
def test_today_has_visits_served_under_way_and_still_to_come(filled):
    midnight = WEDNESDAY.replace(hour=21, minute=0) - timedelta(days=1)
    today = Booking.objects.filter(starts_at__gte=midnight, starts_at__lt=midnight + timedelta(days=1))
    states = Counter(today.values_list("status", flat=True))

    assert states["completed"] > 0
    assert states["confirmed"] > 0
    assert Booking.objects.filter(status="pending", hold_expires_at__gt=WEDNESDAY).count() >= 1
    assert Booking.objects.filter(status="pending", hold_expires_at__isnull=True).count() >= 3
    assert not Booking.objects.filter(status__in=Booking.ACTIVE, ends_at__lt=WEDNESDAY - timedelta(hours=1)).exists()


@pytest.mark.django_db
def test_months_before_and_weeks_ahead_are_booked(filled):
    starts = Booking.objects.order_by("starts_at").values_list("starts_at", flat=True)

    assert abs(WEDNESDAY - timedelta(days=PAST_DAYS) - starts[0]) < timedelta(days=1)
    assert starts.last() - WEDNESDAY > timedelta(days=14)


@pytest.mark.django_db
def test_every_row_has_its_past_and_the_past_ends_as_the_row_is(filled):
    for model in TRACKED:
        history, names = model.history.model, [field.attname for field in model._meta.concrete_fields]
        kept = [name for name in names if name in {field.attname for field in history._meta.concrete_fields}]
        latest = {row["id"]: row for row in history.objects.order_by("history_date", "history_id").values("id", *kept)}
        # A message that is being sent has no history yet: its sender writes what became of it.
        rows = [row for row in model._base_manager.values(*kept) if row.get("status") != "sending"]

        assert history.objects.filter(history_type="+").count() == model._base_manager.count(), model
        assert [row["id"] for row in rows if latest[row["id"]] != row] == [], model


@pytest.mark.django_db
def test_history_knows_who_and_when(filled):
    desk = User.objects.get(phone="+966500000003")
    served = Booking.objects.filter(status="completed", salon__slug="areej-riyadh", source="online").first()
    first, *later = served.history.order_by("history_date", "history_id")

    assert first.history_user_id == served.customer.user_id
    assert first.history_date == served.created_at < served.starts_at
    assert desk.pk in {state.history_user_id for state in later}
    assert not Booking.history.filter(history_date__gt=WEDNESDAY).exists()


@pytest.mark.django_db
def test_the_rules_hold_on_the_filled_database(filled, capsys):
    with time_machine.travel(WEDNESDAY, tick=False):
        call_command("check_invariants")

    assert "rules hold" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_rules_hold_before_and_after_the_passes_at_the_gateway_too(filled, settings, tmp_path, capsys):
    ledger = shutil.copy(filled, tmp_path / "ledger.sqlite3")
    with (
        Standin(ledger, secret_key=settings.MOYASAR_SECRET_KEY) as gateway,
        time_machine.travel(WEDNESDAY, tick=False) as clock,
    ):
        settings.MOYASAR_BASE_URL = gateway.api_url
        call_command("check_invariants", gateway=True)
        for pause in (1, 2, 20, 70):
            clock.shift(timedelta(minutes=pause))
            run_passes()
        call_command("check_invariants", gateway=True)

    assert capsys.readouterr().out.count("All 17 rules hold.") == 2
    assert Payment.objects.filter(status__in=["submitted", "unknown"]).count() == 0
    assert set(Refund.objects.open().exclude(way="by_hand").values_list("status", flat=True)) == {
        "requested",
        "not_applied",
        "review",
    }


@pytest.mark.django_db
def test_nothing_is_there_that_should_be_forgotten(filled):
    with time_machine.travel(WEDNESDAY, tick=False):
        forgotten = forget_old_rows()

    assert forgotten == {
        "idempotency_keys": 0,
        "codes": 0,
        "phone_guards": 0,
        "used_limits": 0,
        "sessions": 0,
        "sign_ins": 0,
    }


@pytest.mark.django_db
def test_people_of_the_demo_sign_in_under_its_settings_only(filled, settings):
    phones = [f"+96650000000{number}" for number in range(1, 8)]
    assert [authenticate(username=phone, password=DEMO_PASSWORD) for phone in phones] == [None] * 7

    settings.DEMO_MODE = True
    signed_in = [authenticate(username=phone, password=DEMO_PASSWORD) for phone in phones]

    assert [user.phone for user in signed_in] == phones
    assert all(user.is_staff for user in signed_in)
    assert authenticate(username="+966500000008", password=DEMO_PASSWORD) is None
    assert Staff.objects.get(user=signed_in[5]).name_en == "Noura Al-Otaibi"


@pytest.mark.django_db
def test_the_stand_in_knows_every_seeded_payment(filled, settings):
    seeded = set(ReconciliationFinding.objects.values_list("pk", flat=True))

    with Standin(filled, secret_key=settings.MOYASAR_SECRET_KEY) as gateway:
        settings.MOYASAR_BASE_URL = gateway.api_url
        run = payments.reconcile_payments(since=WEDNESDAY - timedelta(days=PAST_DAYS + 60))

    known = Payment.objects.exclude(gateway_payment_id="").count()
    new = ReconciliationFinding.objects.exclude(pk__in=seeded)
    assert run.compared_count == known + 2  # one that only the gateway knows, and a card that was refused
    assert list(new.values_list("kind", "payment__status", "ours", "theirs")) == []


@pytest.mark.django_db
def test_a_seeded_payment_can_be_refunded(filled, settings):
    manager = User.objects.get(phone="+966500000002")
    untouched = Payment.objects.filter(method="online", status="paid", salon__slug="areej-riyadh", refunds=None)
    payment = untouched.filter(amount__lte=400, paid_at__lt=WEDNESDAY - timedelta(days=3)).first()

    with Standin(filled, secret_key=settings.MOYASAR_SECRET_KEY) as gateway:
        settings.MOYASAR_BASE_URL = gateway.api_url
        asked = {"actor": manager, "payment_id": payment.pk, "amount": payment.amount, "reason": "Not content"}
        refund = payments.request_refund(**asked)
        refund = payments.send_refund(refund_id=refund.pk)

    assert (refund.status, refund.failure_reason) == ("succeeded", "")


@pytest.mark.django_db
def test_a_second_start_doubles_nothing(filled):
    before = counts()

    assert (
        prepare(Gateway("http://127.0.0.1:8001", filled), now=WEDNESDAY + timedelta(hours=3), scale=SCALE)
        is Outcome.KEPT
    )

    assert counts() == before
