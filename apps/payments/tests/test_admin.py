"""The other pages of money: who may open which dialog, what lists show, and cash taken at the desk."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse

from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory
from apps.bookings.models import Booking
from apps.payments import services
from apps.payments.admin.gateway import STATE_COLOURS as WEBHOOK_COLOURS
from apps.payments.admin.payment import PAYMENT_COLOURS
from apps.payments.admin.reconciliation import KIND_COLOURS as FINDING_COLOURS
from apps.payments.admin.refund import REFUND_COLOURS
from apps.payments.models import Payment, ReconciliationFinding, ReconciliationRun, Refund, TaxDocument, WebhookEvent
from apps.payments.tests.pages import SUBMITTED, ask, browser, changelist, counts, messages, text, url
from apps.payments.tests.support import amounts, link, paid, reload
from apps.salons.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


def test_asking_the_gateway_takes_over_what_it_says(gateway_standin, prepaid, book):
    booking = book(prepaid)
    payment = link(booking)
    gateway_standin.control.pay(payment.gateway_invoice_id)

    answer = browser(prepaid.manager).post(url(payment, "ask_gateway_action"), SUBMITTED)

    assert messages(answer) == [("success", "The gateway was asked. The payment is: paid.")]
    assert reload(booking).status == Booking.Status.CONFIRMED


def test_a_gateway_that_is_away_is_told(gateway_standin, prepaid, book):
    payment = link(book(prepaid))
    gateway_standin.control.inject("fetch_invoice", "error_500")

    answer = browser(prepaid.manager).post(url(payment, "ask_gateway_action"), SUBMITTED)

    assert messages(answer) == [
        ("error", "The payment service does not answer right now. Please try again in a minute.")
    ]


def webhook(**fields):
    values = {"provider": "moyasar", "event_id": str(uuid4()), "kind": "payment_paid", "payload": {"data": {"a": 1}}}
    return WebhookEvent.objects.create(**values | fields)


def finding(payment, **fields):
    values = {"run": ReconciliationRun.objects.create(since=payment.created_at), "payment": payment}
    values |= {"salon": payment.salon, "kind": "refunded", "ours": "0.00", "theirs": "5.00"}
    return ReconciliationFinding.objects.create(**values | fields)


def test_a_webhook_that_was_given_up_is_replayed(gateway_standin, support):
    event = webhook(status="dead", attempts=5, error="HTTP 500")
    client = browser(support)
    assert '"a": 1' in client.get(url(event)).content.decode().replace("&quot;", '"')

    answer = client.post(url(event, "replay_action"), SUBMITTED)

    assert messages(answer) == [("success", "The event is acted on again within a minute.")]
    assert (reload(event).status, reload(event).attempts) == (WebhookEvent.Status.NEW, 0)


def test_a_difference_is_explained_and_leaves_the_work_list(gateway_standin, payment, support):
    difference = finding(payment)
    client = browser(support)
    open_ones = {"resolved_at__isnull": "True"}
    assert list(client.get(changelist(ReconciliationFinding), open_ones).context["cl"].result_list) == [difference]

    answer = client.post(url(difference, "explain_action"), SUBMITTED | {"reason": "Goodwill, by phone"})

    assert messages(answer) == [("success", "The difference is explained.")]
    assert reload(difference).resolution == "Goodwill, by phone"
    assert not client.get(changelist(ReconciliationFinding), open_ones).context["cl"].result_list


# --- Who may, and by which door ---


DIALOGS = {
    "refund": (lambda world: url(world["payment"], "refund_action"), {"amount": "1", "reason": "Late"}),
    "ask": (lambda world: url(world["payment"], "ask_gateway_action"), {}),
    "approve": (lambda world: url(world["requested"], "approve_action"), {}),
    "reject": (lambda world: url(world["requested"], "reject_action"), {"reason": "No"}),
    "carry_out": (lambda world: url(world["approved"], "carry_out_action"), {}),
    "replay": (lambda world: url(world["event"], "replay_action"), {}),
    "explain": (lambda world: url(world["finding"], "explain_action"), {"reason": "Fine"}),
}
MONEY = {"refund", "ask", "approve", "reject", "carry_out"}
ALLOWED = {
    "owner": set(DIALOGS),
    "support": set(DIALOGS),
    "manager": MONEY,
    "receptionist": {"ask"},
    "stylist": set(),
    "auditor": set(),
    "neighbour": set(),
}


@pytest.fixture
def world(gateway_standin, house, book, support):
    """A payment, a refund that waits for approval, one that waits to be sent, an event and a difference."""
    house.salon.refund_limit = Decimal(10)
    house.salon.save()
    rows = [paid(gateway_standin, book(house, hours=hours)) for hours in (27, 28, 29)]
    asked = [
        services.request_refund(actor=PlatformUserFactory(), payment_id=row.pk, amount=Decimal(amount), reason="Late")
        for row, amount in zip(rows[1:], (11, 9), strict=True)
    ]
    return {
        "payment": rows[0],
        "requested": asked[0],
        "approved": asked[1],
        "event": webhook(status="dead"),
        "finding": finding(rows[0]),
        "owner": OwnerFactory(),
        "support": support,
        "auditor": PlatformUserFactory(role="auditor"),
        "manager": house.manager,
        "receptionist": MembershipFactory(salon=house.salon, role="receptionist").user,
        "stylist": MembershipFactory(salon=house.salon, role="stylist").user,
        "neighbour": MembershipFactory().user,
    }


@pytest.mark.parametrize("role", ALLOWED)
def test_each_dialog_opens_for_those_who_may_and_changes_nothing_for_anybody_else(gateway_standin, world, role):
    client = browser(world[role])
    for name, (page, said) in DIALOGS.items():
        before, calls = counts(), gateway_standin.control.report()["calls"]
        opened = client.get(page(world))
        assert counts() == before
        assert gateway_standin.control.report()["calls"] == calls
        if name in ALLOWED[role]:
            assert opened.status_code == 200, name
        else:
            posted = client.post(page(world), SUBMITTED | {"nonce": str(uuid4())} | said)
            assert (opened.status_code, posted.status_code) == (403, 403), name
            assert counts() == before
            assert gateway_standin.control.report()["calls"] == calls


@pytest.mark.parametrize("role", [role for role, dialogs in ALLOWED.items() if "refund" in dialogs])
def test_the_refund_works_for_everybody_who_may(gateway_standin, world, role):
    answer = ask(browser(world[role]), world["payment"], amount="1")

    assert messages(answer) == [("success", "1.00 SAR were refunded.")]
    assert amounts(world["payment"]) == ("115.00", "1.00", "0.00")


def test_a_dialog_without_its_token_is_refused(gateway_standin, payment, support):
    client = browser(support, enforce_csrf_checks=True)
    filled = {"amount": "1", "reason": "Late", "nonce": str(uuid4())} | SUBMITTED

    assert client.post(url(payment, "refund_action"), filled).status_code == 403
    assert not Refund.objects.exists()


def test_buttons_stand_only_where_they_can_succeed(gateway_standin, payment, support, house, book):
    client = browser(support)
    assert url(payment, "refund_action") in client.get(url(payment)).content.decode()
    ask(client, payment)
    assert url(payment, "refund_action") not in client.get(url(payment)).content.decode()
    assert url(Refund.objects.get(), "approve_action") not in client.get(url(Refund.objects.get())).content.decode()


@pytest.mark.parametrize("page", ["change", "delete"])
def test_money_is_never_edited_or_deleted_in_a_form(gateway_standin, payment, page):
    ask(browser(OwnerFactory()), payment, amount="1")
    rows = (payment, Refund.objects.get(), TaxDocument.objects.first(), webhook(), finding(payment))
    before = counts()

    answers = [
        browser(OwnerFactory()).post(url(row, page), {"status": "paid", "amount": "1", "post": "yes"}) for row in rows
    ]

    assert [answer.status_code for answer in answers] == [403] * len(rows)
    assert counts() == before
    assert amounts(payment) == ("115.00", "1.00", "0.00")


# --- Lists and pages ---


def test_every_state_has_its_colour():
    assert set(PAYMENT_COLOURS) == set(Payment.Status)
    assert set(REFUND_COLOURS) == set(Refund.Status)
    assert set(WEBHOOK_COLOURS) == set(WebhookEvent.Status)
    assert set(FINDING_COLOURS) == set(ReconciliationFinding.Kind)


@pytest.mark.parametrize("status", Payment.Status.values)
def test_the_list_shows_each_state_in_words(house, book, status):
    Payment.objects.create(salon=house.salon, booking=book(house), amount=115, status=status)

    assert str(Payment.Status(status).label) in text(browser(house.manager).get(changelist(Payment)))


def test_the_list_shows_the_booking_the_customer_and_the_amounts(gateway_standin, payment, house):
    ask(browser(house.manager), payment, amount="57.50")

    words = text(browser(house.manager).get(changelist(Payment)))

    for word in (payment.booking.display_reference, "Sara", "115.00 SAR", "57.50 SAR", "online", "paid"):
        assert word in words


@pytest.mark.parametrize("term", ["reference", "dashes", "phone", "gateway"])
@pytest.mark.parametrize("model", [Payment, Refund])
def test_money_is_found_by_reference_phone_and_number_at_the_gateway(
    gateway_standin, house, book, support, model, term
):
    wanted, other = (
        paid(gateway_standin, book(house)),
        paid(gateway_standin, book(house, hours=30, person=house.manager)),
    )
    for payment in (wanted, other):
        services.request_refund(actor=support, payment_id=payment.pk, amount=Decimal(1), reason="Late")
    booking = wanted.booking
    words = {
        "reference": booking.reference,
        "dashes": booking.display_reference.lower(),
        "phone": "0" + str(booking.customer.user.phone).removeprefix("+966"),
        "gateway": wanted.gateway_payment_id,
    }

    found = browser(house.manager).get(changelist(model), {"q": words[term]}).context["cl"].result_list

    assert [row if model is Payment else row.payment for row in found] == [wanted]


def test_nobody_sees_money_of_another_salon(gateway_standin, payment, house):
    neighbour = browser(MembershipFactory().user)

    assert not neighbour.get(changelist(Payment)).context["cl"].result_list
    assert neighbour.get(url(payment)).status_code == 302


def test_a_tax_document_shows_its_code_as_a_picture(gateway_standin, payment, house):
    document = TaxDocument.objects.get()

    page = browser(house.manager).get(url(document)).content.decode()

    assert '<svg width="' in page
    assert 'class="segno"' in page
    assert "300000000000003" in page
    assert "115.00 SAR" in text(browser(house.manager).get(url(document)))


@pytest.mark.parametrize("model", [Payment, Refund, TaxDocument])
def test_money_is_exported(gateway_standin, payment, house, model):
    ask(browser(house.manager), payment, amount="57.50")
    page = reverse(f"admin:payments_{model._meta.model_name}_export")

    answer = browser(house.manager).post(page, {"format": "1", "resource": "0"})

    assert answer.status_code == 200
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert len(lines) == (3 if model is TaxDocument else 2)
    assert payment.booking.display_reference in lines[1]


def test_reasons_of_the_system_speak_the_readers_language(gateway_standin, house, book, monkeypatch):
    payment = paid(gateway_standin, book(house))
    monkeypatch.setattr("apps.payments.reasons.gettext", lambda words: f"«{words}»")

    words = text(browser(house.manager).get(url(payment, "history")))

    assert "«read at the gateway» (paid)" in words


# --- Money taken at the desk ---


ADD = "/admin/payments/payment/add/"


@pytest.mark.parametrize("spelling", ["plain", "dashes", "lower"])
def test_the_desk_records_cash_for_a_booking_by_its_reference(house, book, spelling):
    booking = book(house)
    desk = MembershipFactory(salon=house.salon, role="receptionist").user
    spelled = {"plain": booking.reference, "dashes": booking.display_reference, "lower": booking.reference.lower()}

    answer = browser(desk).post(ADD, {"reference": spelled[spelling], "method": "cash", "amount": "115.00"})

    assert answer.status_code == 302
    payment = Payment.objects.get()
    assert (payment.booking, payment.method, payment.amount, payment.recorded_by) == (
        booking,
        "cash",
        Decimal("115.00"),
        desk,
    )
    assert payment.history.get().history_user == desk


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reference": "ZZZZZZZZZ"}, "There is no such booking in your salons."),
        ({"reference": "foreign"}, "There is no such booking in your salons."),
        ({"amount": "1e2"}, "Enter an amount greater than zero"),
        ({"amount": "115.01"}, "At most 115.00 SAR are still due."),
        ({"method": "online"}, "Select a valid choice."),
    ],
)
def test_the_desk_is_told_what_does_not_fit(house, prepaid, book, fields, said):
    filled = {"reference": book(house).reference, "method": "cash", "amount": "115.00"} | fields
    if filled["reference"] == "foreign":
        filled["reference"] = book(prepaid).reference

    answer = browser(house.manager).post(ADD, filled, follow=True)

    assert said in text(answer)
    assert not Payment.objects.exists()


def test_a_link_can_name_the_booking(house, book):
    booking = book(house)

    page = browser(house.manager).get(ADD, {"reference": booking.reference})

    assert f'value="{booking.reference}"' in page.content.decode()


@pytest.mark.parametrize("role", ["support", "auditor", "stylist"])
def test_only_the_salon_takes_money_at_the_desk(house, book, role):
    person = (
        MembershipFactory(salon=house.salon, role=role).user if role == "stylist" else PlatformUserFactory(role=role)
    )
    filled = {"reference": book(house).reference, "method": "cash", "amount": "115.00"}

    assert browser(person).get(ADD).status_code == 403
    assert browser(person).post(ADD, filled).status_code == 403
    assert not Payment.objects.exists()


def test_a_run_shows_what_it_found(gateway_standin, payment, support, clock):
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 500)
    clock.shift(timedelta(minutes=1))
    run = services.reconcile_payments()
    client = browser(support)

    assert " 1 1 " in text(client.get(changelist(ReconciliationRun)))
    assert payment.gateway_payment_id in text(client.get(url(run)))
