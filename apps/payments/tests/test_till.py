"""The day's money: books beside gateway, till and tax documents on the salon's own day; and counting the till."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory
from apps.bookings.tests.conftest import NOW, open_salon
from apps.bookings.tests.factories import BookingFactory
from apps.common.errors import Forbidden
from apps.common.testing.race import race
from apps.payments import daily, services
from apps.payments.errors import CountInvalid, DayAhead, TillCounted
from apps.payments.models import Payment, ReconciliationFinding, ReconciliationRun, TillCount
from apps.payments.tests.pages import browser, messages, text, url
from apps.payments.tests.support import ask_refund, link, paid, reload
from apps.salons.tests.factories import MembershipFactory, SalonFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
PAGE = "admin:payments_tillcount_day_action"
COUNT = "admin:payments_tillcount_count_action"


def take(house, booking, amount, method="cash"):
    return services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal(amount), method=method)


def hand_back(support, payment, amount):
    return ask_refund(support, payment, amount=amount)


def flow(day, method):
    moved = day.flows[method]
    return tuple(str(amount) for amount in (moved.received, moved.returned, moved.net))


@pytest.fixture
def receptionist(house):
    return MembershipFactory(salon=house.salon, role="receptionist").user


@pytest.fixture
def busy(gateway_standin, house, book, support):
    """A day with 230 online of which 57.50 went back, 100 in cash of which 30.10 went back, and 115 at the terminal."""
    online = paid(gateway_standin, book(house))
    paid(gateway_standin, book(house, hours=28))
    ask_refund(support, online)
    cash = take(house, book(house, hours=29), "100")
    hand_back(support, cash, "30.10")
    take(house, book(house, hours=30), "115", "terminal")
    services.reconcile_payments()
    return house


def count(house, cash="69.90", terminal="115", actor=None, **fields):
    said = {"day": TODAY, "cash": Decimal(cash), "terminal": Decimal(terminal)} | fields
    return services.count_till(actor=actor or house.manager, salon_id=house.salon.pk, **said)


def test_the_day_adds_up_by_books_gateway_and_documents(busy):
    day = daily.money_of_day(busy.salon, TODAY)

    assert flow(day, "online") == ("230.00", "57.50", "172.50")
    assert flow(day, "cash") == ("100.00", "30.10", "69.90")
    assert flow(day, "terminal") == ("115.00", "0.00", "115.00")
    assert day.online == daily.Comparison(
        ours=daily.Flow(Decimal("230.00"), Decimal("57.50")),
        theirs=daily.Flow(Decimal("230.00"), Decimal("57.50")),
        unread=daily.Flow(Decimal("0.00"), Decimal("0.00")),
        unread_count=0,
    )
    assert (day.documents.received, day.documents.returned) == (Decimal("445.00"), Decimal("87.60"))
    assert (day.taxable.received, day.taxable.returned) == (day.documents.received, day.documents.returned)
    assert (day.open_findings, day.open_payments, day.open_refunds, day.count) == (0, 0, 0, None)


def test_what_was_refunded_after_the_last_reading_counts_as_unread(gateway_standin, house, book, support, clock):
    payment = paid(gateway_standin, book(house))
    clock.shift(60)
    ask_refund(support, payment)
    Payment.objects.filter(pk=payment.pk).update(
        checked_at=timezone.now() - timedelta(seconds=60), gateway_refunded_amount=0
    )

    online = daily.money_of_day(house.salon, TODAY).online

    assert (online.unread_count, online.unread.received, online.unread.returned) == (1, 115, Decimal("57.50"))
    assert online.ours == online.theirs == daily.Flow()


def test_a_difference_with_the_gateway_and_what_is_open_show(gateway_standin, house, book):
    payment = paid(gateway_standin, book(house))
    gateway_standin.control.edit_payment(payment.gateway_payment_id, amount=11400)
    services.reconcile_payments()
    link(book(house, hours=28))

    day = daily.money_of_day(house.salon, TODAY)

    assert (day.online.ours.received, day.online.theirs.received) == (115, 114)
    assert (day.open_findings, day.open_payments) == (1, 1)


def test_tenths_add_up_exactly_on_every_database(house, book):
    for hours in range(27, 33):
        take(house, book(house, hours=hours), "0.10")

    assert flow(daily.money_of_day(house.salon, TODAY), "cash") == ("0.60", "0.00", "0.60")


@pytest.mark.parametrize(("zone", "days"), [("Asia/Riyadh", (22, 23)), ("America/New_York", (21, 22))])
def test_adm19_the_day_is_that_of_the_salons_own_clock(house, book, clock, zone, days):
    first, last = book(house), book(house, hours=28)
    house.salon.timezone = zone
    house.salon.save()
    midnight = daily.bounds(house.salon, date(2026, 11, days[1]))[0]
    for booking, moment in ((first, midnight - timedelta(seconds=1)), (last, midnight)):
        clock.move_to(moment)
        take(house, booking, "10")

    assert [flow(daily.money_of_day(house.salon, date(2026, 11, day)), "cash")[0] for day in days] == ["10.00"] * 2


def test_money_of_another_salon_is_not_of_this_day(busy):
    other = BookingFactory(salon=SalonFactory())
    Payment.objects.create(
        salon=other.salon,
        booking=other,
        method="cash",
        status="paid",
        amount=5,
        captured_amount=5,
        paid_at=timezone.now(),
    )

    assert flow(daily.money_of_day(busy.salon, TODAY), "cash") == ("100.00", "30.10", "69.90")


def test_a_day_costs_a_fixed_number_of_queries(busy, book, django_assert_num_queries):
    with django_assert_num_queries(11):
        daily.money_of_day(busy.salon, TODAY)
    for hours in range(50, 56):
        take(busy, book(busy, hours=hours), "1")
    with django_assert_num_queries(11):
        daily.money_of_day(busy.salon, TODAY)


# --- Counting ---


def test_a_count_keeps_what_was_expected_at_that_moment(busy, book):
    counted = count(busy, note="Two notes were torn")
    take(busy, book(busy, hours=50), "15")

    kept = reload(counted)
    assert (kept.expected_cash, kept.expected_terminal) == (Decimal("69.90"), Decimal("115.00"))
    assert (kept.counted_cash, kept.note, kept.counted_by) == (Decimal("69.90"), "Two notes were torn", busy.manager)
    assert kept.history.get().history_user == busy.manager
    assert daily.money_of_day(busy.salon, TODAY).count == kept


def test_a_double_click_counts_once_and_a_second_count_is_refused(busy, receptionist):
    assert count(busy) == count(busy)
    with pytest.raises(TillCounted):
        count(busy, cash="70")
    with pytest.raises(TillCounted):
        count(busy, actor=receptionist)

    kept = TillCount.objects.get()
    assert (kept.counted_cash, kept.note, kept.history.count()) == (Decimal("69.90"), "", 1)


def test_a_double_click_finds_the_count_of_its_own_salon_and_day(house):
    other = open_salon()
    yesterday = TODAY - timedelta(days=1)
    counts = [count(house), count(house, day=yesterday), count(other)]

    assert [count(house), count(house, day=yesterday), count(other)] == counts
    assert TillCount.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_counts_at_once_are_one_row(house):
    results = race(6, lambda number: count(house, cash=str(number % 2)))

    assert {type(result) for result in results} == {TillCount, TillCounted}
    assert TillCount.objects.count() == TillCount.history.count() == 1


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"cash": "-0.01"}, CountInvalid),
        ({"terminal": "1.005"}, CountInvalid),
        ({"day": TODAY + timedelta(days=1)}, DayAhead),
    ],
)
def test_what_nobody_can_have_counted_is_refused(house, fields, refusal):
    with pytest.raises(refusal) as refused:
        count(house, **fields)

    assert refused.value.field == ("day" if refusal is DayAhead else None)
    assert not TillCount.objects.exists()


def test_a_day_that_has_begun_here_has_not_begun_where_the_salon_is(house, clock):
    clock.move_to(NOW.replace(hour=3))
    house.salon.timezone = "America/New_York"
    house.salon.save()

    with pytest.raises(DayAhead):
        count(house)

    assert not TillCount.objects.exists()


def test_a_count_is_made_and_corrected_by_who_may(house, receptionist):
    for stranger in (PlatformUserFactory(role="auditor"), PlatformUserFactory(), MembershipFactory().user):
        with pytest.raises(Forbidden):
            count(house, actor=stranger)
    counted = count(house, cash="10", terminal="0", actor=receptionist)
    said = {"count_id": counted.pk, "cash": Decimal(12), "terminal": Decimal(0), "reason": "Typed wrong"}
    for stranger in (receptionist, MembershipFactory().user):
        with pytest.raises(Forbidden):
            services.correct_till_count(actor=stranger, **said)
    for wrong in ({"cash": Decimal(-1)}, {"terminal": Decimal("0.001")}):
        with pytest.raises(CountInvalid):
            services.correct_till_count(actor=house.manager, **said | wrong)
    assert (reload(counted).counted_cash, counted.history.count()) == (10, 1)

    services.correct_till_count(actor=house.manager, **said)

    assert (reload(counted).counted_cash, reload(counted).expected_cash) == (12, 0)
    latest = counted.history.first()
    assert (latest.history_user, latest.history_change_reason) == (house.manager, "Typed wrong")


# --- The page ---


def test_the_page_shows_the_day_and_each_figure_leads_to_its_list(busy):
    client = browser(busy.manager)
    answer = client.get(reverse(PAGE), {"day": "2026-11-22"})
    shown = text(answer).replace("&#x27;", "'")

    for words in (
        "Sunday, 22 November 2026",
        "Received 230.00",
        "Refunded 57.50",
        "Net 172.50",
        "The day's payments: received 230.00 230.00 0.00",
        "The day's payments: refunded up to now 57.50 57.50 0.00",
        "Taken 100.00 115.00",
        "Handed back 30.10 0.00",
        "Should be there 69.90 115.00",
        "Invoices 445.00 445.00 0.00",
        "Credit notes 87.60 87.60 0.00",
    ):
        assert words in shown, words
    linked = [
        (cell["link"], cell["text"])
        for table in answer.context["tables"]
        for label, cells in table["rows"]
        for cell in cells
        if cell["link"] and not str(label).startswith("The day's payments")
    ]
    assert len(linked) == 8
    amounts = {"taxdocument": "gross_amount", "refund": "amount", "payment": "captured_amount"}
    for address, figure in linked:
        listed = client.get(address)
        assert listed.status_code == 200, address
        rows = listed.context["cl"].queryset
        field = amounts[rows.model._meta.model_name]
        assert f"{sum(getattr(row, field) for row in rows):,.2f}" == figure, address


def test_the_page_counts_the_till_and_tells_the_difference(busy):
    client = browser(busy.manager)
    page = f"{reverse(PAGE)}?day=2026-11-22"
    assert "Count the till" in text(client.get(page))
    dialog = f"{reverse(COUNT)}?salon={busy.salon.pk}&day=2026-11-22"
    form = client.get(dialog).context["form"]
    assert (form["salon"].value(), form["day"].value()) == (busy.salon.pk, "2026-11-22")

    said = {"_form_submitted": "True", "salon": busy.salon.pk, "day": "2026-11-22", "cash": "70", "terminal": "115.00"}
    answer = client.post(dialog, said, headers={"hx-current-url": f"http://testserver{page}"})

    assert messages(answer) == [("success", "The count is kept.")]
    assert answer.headers["HX-Redirect"] == page
    shown = text(client.get(page))
    assert "Counted 70.00 115.00" in shown
    assert "Difference +0.10 0.00" in shown
    assert "Count the till" not in shown.split("Online payments")[1]
    counted = TillCount.objects.get()
    corrected = client.post(
        url(counted, "correct_action"),
        {"_form_submitted": "True", "cash": "69.90", "terminal": "115", "reason": "A coin was counted twice"},
    )
    assert messages(corrected) == [("success", "The count is corrected.")]
    assert "Difference 0.00 0.00" in text(client.get(page))


@pytest.mark.parametrize("typed", ["-1", "1e3", "1.234", "١٢", "", "1000000000"])
def test_a_wrong_amount_is_refused_in_the_dialog_and_nothing_is_kept(house, typed):
    said = {"_form_submitted": "True", "salon": house.salon.pk, "day": "2026-11-22", "cash": typed, "terminal": "0"}

    answer = browser(house.manager).post(reverse(COUNT), said)

    assert list(answer.context["form"].errors) == ["cash"]
    assert not TillCount.objects.exists()


@pytest.mark.parametrize("asked", ["", "yesterday", "2026-13-01", "0001-01-01", "9999-12-31", "2026-11-22'--"])
def test_a_wrong_day_or_salon_in_the_address_is_today_in_an_own_salon(house, asked):
    strange = SalonFactory(name_en="Strange house")

    answer = browser(house.manager).get(reverse(PAGE), {"day": asked, "salon": strange.pk})

    assert (answer.context["day"], answer.context["salon"]) == (TODAY, house.salon)
    assert "Strange house" not in text(answer)


def test_reading_the_page_writes_nothing_and_days_follow_each_other(busy):
    before = [model.objects.count() for model in (Payment, TillCount, ReconciliationRun, ReconciliationFinding)]
    client = browser(busy.manager)

    today = client.get(reverse(PAGE)).context
    assert today["next"] == ""
    yesterday = client.get(today["previous"]).context
    assert (yesterday["day"], yesterday["next"].endswith("day=2026-11-22")) == (date(2026, 11, 21), True)
    assert [model.objects.count() for model in (Payment, TillCount, ReconciliationRun, ReconciliationFinding)] == before


def test_people_see_of_the_day_what_their_lists_show(busy, receptionist):
    def titles(person):
        context = browser(person).get(reverse(PAGE), {"salon": busy.salon.pk}).context
        return [str(table["title"]) for table in context["tables"]], [str(title) for title, *_rest in context["open"]]

    everything = ["Unexplained differences", "Payments that are not settled", "Refunds that are not settled"]
    for person in (busy.manager, OwnerFactory(), PlatformUserFactory(role="auditor"), PlatformUserFactory()):
        assert titles(person) == (["Online payments", "Till", "Tax documents"], everything)
    assert titles(receptionist) == (["Online payments", "Till"], ["Payments that are not settled"])
    stylist = MembershipFactory(salon=busy.salon, role="stylist").user
    assert browser(stylist).get(reverse(PAGE)).status_code == 403


def test_somebody_of_several_salons_chooses_one_and_lists_follow(busy):
    other = SalonFactory()
    client = browser(PlatformUserFactory(role="auditor"))

    context = client.get(reverse(PAGE), {"salon": other.pk}).context

    assert set(context["salons"]) == {other, busy.salon}
    assert (context["salon"], context["may_count"]) == (other, False)
    linked = [cell["link"] for table in context["tables"] for _label, cells in table["rows"] for cell in cells]
    assert all(f"salon__id__exact={other.pk}" in one for one in linked if one)


def test_a_salon_without_vat_number_has_no_documents_to_compare(house):
    house.salon.vat_number = ""
    house.salon.save()

    answer = browser(house.manager).get(reverse(PAGE))

    assert [str(table["title"]) for table in answer.context["tables"]] == ["Online payments", "Till"]


def test_the_page_speaks_arabic(busy):
    client = browser(busy.manager)
    client.cookies["django_language"] = "ar"

    assert "مالية اليوم" in text(client.get(reverse(PAGE)))


def test_a_payment_undone_by_us_is_shown_as_undone_when_its_news_comes(gateway_standin, payment, house, support):
    ask_refund(support, payment, "115.00")

    services.refresh_payment(payment_id=payment.pk)

    assert reload(payment).gateway_status == "voided"
    online = daily.money_of_day(house.salon, NOW.date()).online
    assert online.ours == online.theirs


def test_a_refund_whose_answer_was_read_counts_as_read(gateway_standin, payment, house, support):
    with time_machine.travel(NOW + timedelta(minutes=1), tick=True):
        ask_refund(support, payment)

        online = daily.money_of_day(house.salon, NOW.date()).online

    assert (online.unread_count, online.theirs.returned) == (0, Decimal("57.50"))


@pytest.mark.django_db(transaction=True)
def test_money_paid_twice_is_no_difference_between_books_and_documents(gateway_standin, house, book):
    gateway_standin.control.switch(allow_double_payment=True)
    payment = link(book(house))
    for _ in range(2):
        gateway_standin.control.pay(payment.gateway_invoice_id)
    services.refresh_payment(payment_id=payment.pk)
    assert Payment.objects.count() == 2

    day = daily.money_of_day(house.salon, NOW.date())

    assert day.flows["online"].received == Decimal("230.00")
    assert day.taxable == day.documents
    assert day.taxable.received == Decimal("115.00")
