"""What `/metrics` tells, to whom, and what it costs."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import OperationalError, transaction
from django.test import Client
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from apps.accounts.models import OtpChallenge
from apps.bookings.events import BookingPlaced
from apps.bookings.tests.factories import BookingFactory
from apps.common.admin.dialogs import attempt
from apps.common.doors import Door, through
from apps.common.errors import Conflict
from apps.common.events import publish
from apps.common.metrics import calling
from apps.common.providers import ProviderUnavailable
from apps.common.providers.http import ask
from apps.common.testing.queries import counted_statements
from apps.notifications.tests.factories import NotificationFactory
from apps.payments.models import Payment, Refund, WebhookEvent
from project import metrics
from project.env import BASE_DIR
from project.invariants import Breach
from project.models import LastRun
from project.tests.test_docs import ensure_table

NOON = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)  # in Riyadh
TOKEN = "a-token-of-tests-that-opens-the-metrics"
PHONE = "+966551234567"


@pytest.fixture(autouse=True)
def _shown(settings):
    settings.METRICS_TOKEN = TOKEN


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False):
        yield NOON


@pytest.fixture
def scrape(client):
    """Reads the page as Prometheus does: `{(name, *label values): value}`."""

    def read():
        answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        families = text_string_to_metric_families(answer.content.decode())
        return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}

    return read


@pytest.fixture
def grown():
    """By how much a counter grew since the test began, or was first asked for."""
    before = {(s.name, *sorted(s.labels.items())): s.value for family in REGISTRY.collect() for s in family.samples}

    def read(name, **labels):
        return (REGISTRY.get_sample_value(name, labels) or 0) - before.get((name, *sorted(labels.items())), 0)

    return read


def test_without_a_token_there_is_no_such_page(client, settings):
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("shown", [None, "", "Bearer", "Bearer wrong", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
def test_nobody_reads_it_with_anything_but_the_token(client, shown):
    answer = client.get("/metrics", headers={"authorization": shown} if shown is not None else {})

    assert answer.status_code == 401
    assert answer.content == b""


@pytest.mark.django_db
def test_the_tables_are_told_as_they_are(scrape, noon):
    booking = BookingFactory()
    NotificationFactory(due_at=noon - timedelta(seconds=90))
    of_it = {"salon": booking.salon, "booking": booking, "amount": 100}
    Payment.objects.create(**of_it, status="unknown")
    paid = Payment.objects.create(**of_it, status="paid", captured_amount=100)
    Refund.objects.create(salon=booking.salon, payment=paid, amount=1, reason="late", status="review")
    for number, (status, age) in enumerate([("new", 40), ("failed", 70), ("dead", 500), ("processed", 900)]):
        event = WebhookEvent.objects.create(
            provider="moyasar", event_id=str(number), kind="x", payload={}, status=status
        )
        WebhookEvent.objects.filter(pk=event.pk).update(received_at=noon - timedelta(seconds=age))
    LastRun.objects.create(name="expire_holds", started_at=noon, finished_at=noon - timedelta(minutes=1))

    told = scrape()

    assert told[("salon_database_up",)] == 1
    assert (told[("salon_outbox_overdue",)], told[("salon_outbox_oldest_due_seconds",)]) == (1, 90)
    assert {status: told["salon_webhooks", status] for status in ("new", "failed", "dead")} == {
        "new": 1,
        "failed": 1,
        "dead": 1,
    }
    assert ("salon_webhooks", "processed") not in told
    assert told[("salon_webhook_oldest_waiting_seconds",)] == 70
    assert (told["salon_payments", "unknown"], told["salon_payments", "review"]) == (1, 0)
    assert (told["salon_refunds", "unknown"], told["salon_refunds", "review"]) == (0, 1)
    assert told[("salon_findings_open",)] == 0
    assert told["salon_pass_started_timestamp_seconds", "expire_holds"] == noon.timestamp()
    assert told["salon_pass_finished_timestamp_seconds", "expire_holds"] == noon.timestamp() - 60
    assert ("salon_pass_failed_timestamp_seconds", "expire_holds") not in told
    assert told["salon_pass_interval_seconds", "expire_holds"] == 60
    assert told[("salon_invariants_broken",)] == 0


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", [-5, 0, 60])
def test_a_clock_that_differs_from_the_database_s_is_told(scrape, minutes):
    LastRun.objects.create(name="expire_holds")

    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
        told = scrape()

    assert round(told[("salon_clock_ahead_seconds",)] / 60) == minutes


@pytest.mark.django_db
def test_six_statements_read_the_tables_once_in_five_seconds(scrape):
    with time_machine.travel(NOON, tick=False) as clock:
        with counted_statements() as first:
            scrape()
        with counted_statements() as second:
            scrape()
        clock.shift(timedelta(seconds=metrics.CACHED_SECONDS + 1))
        with counted_statements() as third:
            scrape()

    assert (len(first), len(second), len(third)) == (6, 0, 6)


@pytest.mark.django_db
def test_a_database_that_is_away_is_told_and_hides_no_counter(scrape, monkeypatch):
    def refuse():
        raise OperationalError("password of salon at db.internal")

    monkeypatch.setattr(metrics, "READINGS", [refuse])

    told = scrape()

    assert told[("salon_database_up",)] == 0
    assert ("salon_idempotency_replays_total",) in told


@pytest.mark.django_db
def test_the_last_check_of_the_invariants_is_told(scrape, monkeypatch):
    def judged(*rows):
        breaches = [Breach("rule", [*rows])]
        monkeypatch.setattr("project.management.commands.check_invariants.judgements", lambda **_kwargs: breaches)

    judged("booking 7")
    with pytest.raises(CommandError, match=r"^1 of 1 rules are broken\.$"):
        call_command("check_invariants", stdout=StringIO())
    broken = scrape()
    judged()
    call_command("check_invariants", stdout=StringIO())
    cache.clear()

    assert (broken[("salon_invariants_broken",)], scrape()[("salon_invariants_broken",)]) == (1, 0)


@pytest.mark.django_db
def test_a_check_that_could_not_read_the_gateway_found_nothing(scrape, noon):
    LastRun.objects.create(name="check_invariants", failed_at=noon, error="GatewayBusy")

    assert scrape()[("salon_invariants_broken",)] == 0


@pytest.mark.django_db(transaction=True)
def test_a_fact_is_counted_once_by_its_door_when_it_is_committed(grown):
    labels = {"event": "BookingPlaced", "door": "api"}

    with through(Door.API), transaction.atomic():
        publish(BookingPlaced(BookingFactory().pk))
        assert grown("salon_events_total", **labels) == 0

    assert grown("salon_events_total", **labels) == 1


@pytest.mark.django_db(transaction=True)
def test_a_fact_that_was_undone_is_not_counted(grown):
    with through(Door.API), transaction.atomic():
        publish(BookingPlaced(BookingFactory().pk))
        transaction.set_rollback(True)

    assert grown("salon_events_total", event="BookingPlaced", door="api") == 0


@pytest.mark.django_db(transaction=True)
def test_codes_are_counted_from_the_wish_to_the_proof(client, capsys, grown):
    asked = client.post("/api/v1/auth/otp/request/", {"phone": PHONE}, content_type="application/json")
    code = capsys.readouterr().out.rpartition("code=")[2].strip()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    challenge = {"challenge_id": asked.json()["challenge_id"]}

    for typed, status in ((wrong, 400), (code, 200)):
        said = {**challenge, "code": typed}
        answer = client.post("/api/v1/auth/otp/verify/", said, content_type="application/json")
        assert answer.status_code == status

    steps = ("requested", "sent", "unsent", "verified")
    assert [grown("salon_codes_total", step=step) for step in steps] == [1, 1, 0, 1]
    assert grown("salon_refusals_total", code="otp_incorrect", door="api") == 1


def test_the_schema_refuses_nobody_by_its_examples(client, grown):
    assert client.get("/api/schema/").status_code == 200

    assert grown("salon_refusals_total", code="slot_taken", door="api") == 0
    assert grown("salon_refusals_total", code="unavailable", door="api") == 0


@pytest.mark.django_db(transaction=True)
def test_a_code_that_did_not_leave_is_counted_as_such(monkeypatch, grown):
    def refuse(*_args, **_kwargs):
        raise ProviderUnavailable("busy", "429")

    monkeypatch.setattr("apps.accounts.otp.console.ConsoleOtpProvider.send_code", refuse)

    client = Client(raise_request_exception=False)
    answer = client.post("/api/v1/auth/otp/request/", {"phone": PHONE}, content_type="application/json")

    assert answer.status_code == 503
    assert [grown("salon_codes_total", step=step) for step in ("requested", "sent", "unsent")] == [1, 0, 1]
    assert not OtpChallenge.objects.exists()


def test_a_refusal_on_a_page_is_counted_under_its_door(grown):
    def refuse():
        raise Conflict

    with through(Door.ADMIN):
        assert attempt(refuse).code == "conflict"

    assert grown("salon_refusals_total", code="conflict", door="admin") == 1


def test_a_request_is_measured_by_view_method_and_status_and_never_by_address(client, grown):
    client.get("/healthz")
    client.get(f"/api/v1/nowhere/{PHONE}/")
    client.generic("INVENTED", "/healthz")

    count = "salon_http_request_seconds_count"
    assert grown(count, view="healthz", method="GET", status="200") == 1
    assert grown(count, view="", method="GET", status="404") == 1
    assert grown(count, view="healthz", method="other", status="200") == 1
    assert grown("salon_http_query_seconds_count", view="healthz") == 2


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "ok"), (302, "failed"), (401, "refused"), (404, "refused"), (503, "failed")]
)
def test_a_call_is_measured_by_what_came_back(grown, status, outcome):
    with calling("twilio") as call:
        call.answered(status)

    assert grown("salon_provider_call_seconds_count", provider="twilio", outcome=outcome) == 1


def test_a_call_that_nobody_answered_is_measured_as_that(grown):
    with pytest.raises(ProviderUnavailable):
        ask("twilio", "http://127.0.0.1:1/", headers={})

    assert grown("salon_provider_call_seconds_count", provider="twilio", outcome="no_answer") == 1


@pytest.mark.django_db
def test_the_page_holds_no_phone_key_or_reference(client, scrape):
    booking = BookingFactory()
    client.post("/api/v1/auth/otp/request/", {"phone": PHONE}, content_type="application/json")
    client.get(f"/admin/bookings/booking/{booking.pk}/change/")

    text = str(scrape())

    assert [word for word in (PHONE[4:], str(booking.pk), booking.reference) if word in text] == []


def test_processes_that_share_a_directory_add_up(settings, tmp_path):
    count_twice = "from apps.common.metrics import REPLAYS; REPLAYS.inc(2)"
    for _process in range(2):
        subprocess.run(
            [sys.executable, "-c", count_twice],
            check=True,
            cwd=BASE_DIR,
            env={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "project.settings.test"},
        )
    settings.PROMETHEUS_MULTIPROC_DIR = str(tmp_path)

    assert metrics.counted().get_sample_value("salon_idempotency_replays_total") == 4


@pytest.mark.django_db
def test_the_page_of_metrics_lists_every_one_with_its_labels():
    families = [*REGISTRY.collect(), *metrics.Tables().collect()]
    rows = [
        [f"`{family.name}`", family.type, ", ".join(labels_of(family)) or "–", family.documentation]
        for family in families
        if family.name.startswith("salon_")
    ]

    page = BASE_DIR / "docs/observability/README.md"
    ensure_table(page, "metrics", ["Metric", "Kind", "Labels", "Tells"], sorted(rows))


def labels_of(family):
    """The names of its labels. A family of the tables may have no row by now, so its own word counts."""
    return [f"`{name}`" for name in (getattr(family, "_labelnames", None) or declared_labels(family.name))]


def declared_labels(name):
    collector = REGISTRY._names_to_collectors.get(name)
    return collector._labelnames if collector else ()
