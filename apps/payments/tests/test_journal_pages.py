"""The money journal in the admin: read by those who may, told in words, changed by nobody."""

import pytest
from django.db import DatabaseError, transaction

from apps.accounts.tests.factories import PlatformUserFactory
from apps.payments import reasons, services
from apps.payments.admin.reconciliation import NEXT_STEPS
from apps.payments.models import MoneyEvent, ReconciliationFinding, ReconciliationRun
from apps.payments.tests.pages import browser, changelist, text, url
from apps.payments.tests.support import ask_refund, paid
from apps.salons.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


def test_the_journal_tells_each_step_in_words(gateway_standin, payment, support):
    ask_refund(support, payment)

    shown = text(browser(support).get(changelist(MoneyEvent), {"payment__id__exact": payment.pk}))

    for words in (
        "payment: created",
        "payment: created → sent to the gateway",
        "payment: waiting for the customer → paid",
        "received: 0.00 SAR → 115.00 SAR",
        "refund of 57.50 SAR: approved",
        "refund of 57.50 SAR: approved → being sent",
        "refund of 57.50 SAR: being sent → refunded",
        "refunded: 0.00 SAR → 57.50 SAR",
        "being refunded: 57.50 SAR → 0.00 SAR",
        "the system",
    ):
        assert words in shown, words


def test_a_step_has_a_page_and_the_payment_shows_its_journal(gateway_standin, payment, support):
    step = payment.events.order_by("sequence").last()
    client = browser(support)

    assert step.digest in text(client.get(url(step)))
    shown = text(client.get(url(payment)))
    assert "payment: created → sent to the gateway" in shown
    assert "read at the gateway" in shown


@pytest.mark.parametrize(
    ("role", "sees"), [("manager", True), ("receptionist", False), ("stylist", False), ("neighbour", False)]
)
def test_the_journal_is_for_the_salons_manager_support_and_auditor(gateway_standin, house, payment, role, sees):
    person = (
        house.manager
        if role == "manager"
        else MembershipFactory(**({} if role == "neighbour" else {"salon": house.salon, "role": role})).user
    )
    step = payment.events.first()

    assert (browser(person).get(url(step)).status_code == 200) == sees
    assert browser(PlatformUserFactory(role="auditor")).get(url(step)).status_code == 200


def test_nobody_changes_a_step_not_even_the_database_lets_them(payment, house):
    step = payment.events.first()
    answer = browser(house.manager).post(url(step), {"reason": "x"})

    assert answer.status_code == 403
    with pytest.raises(DatabaseError), transaction.atomic():
        MoneyEvent.objects.filter(pk=step.pk).update(reason="x")


def test_a_long_journal_costs_as_many_queries_as_a_short_one(
    gateway_standin, house, book, support, django_assert_max_num_queries
):
    client = browser(support)
    paid(gateway_standin, book(house))
    client.get(changelist(MoneyEvent))
    with django_assert_max_num_queries(30) as few:
        client.get(changelist(MoneyEvent))
    for hours in (28, 29, 30):
        paid(gateway_standin, book(house, hours=hours))
    with django_assert_max_num_queries(len(few)):
        client.get(changelist(MoneyEvent))


# --- Reports and differences ---


def test_every_kind_of_difference_says_what_to_do_and_links_to_what_it_is_about(payment, support):
    run = ReconciliationRun.objects.create(since=payment.created_at)
    client = browser(support)
    assert set(NEXT_STEPS) == set(ReconciliationFinding.Kind)
    for kind, step in NEXT_STEPS.items():
        finding = ReconciliationFinding.objects.create(
            run=run, payment=payment, salon=payment.salon, kind=kind, ours="115.00", theirs="114.00"
        )
        answer = client.get(url(finding))
        assert " ".join(str(step).split()) in text(answer).replace("&#x27;", "'")
        assert url(payment) in answer.content.decode()
        assert f"/admin/bookings/booking/{payment.booking_id}/change/" in answer.content.decode()
    services.explain_finding(actor=support, finding_id=finding.pk, explanation="By phone")
    assert "Nothing: it is explained." in text(client.get(url(finding)))


def test_a_report_shows_whether_it_is_intact(gateway_standin, payment, support):
    gateway_standin.control.edit_payment(payment.gateway_payment_id, amount=11400)
    run = services.reconcile_payments()
    client = browser(support)
    assert "intact: it says what it said when it was sealed" in text(client.get(url(run)))

    ReconciliationFinding.objects.update(theirs="115.00")
    assert "changed after it was sealed" in text(client.get(url(run)))
    open_run = ReconciliationRun.objects.create(since=payment.created_at)
    assert "unfinished: the next run does all of it" in text(client.get(url(open_run)))


def test_what_the_system_explained_is_told_in_the_readers_language(gateway_standin, payment, house):
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1500)
    services.reconcile_payments()
    finding = ReconciliationFinding.objects.get()
    assert finding.resolution == reasons.RECORDED_HERE

    client = browser(house.manager)
    client.cookies["django_language"] = "ar"

    assert "سُجّل هنا كما تُظهره البوابة" in text(client.get(url(finding)))
