"""An erased person is nowhere in the database, and the ledger is what it was."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from django.utils.translation import override
from rest_framework.test import APIClient

from apps.accounts import services
from apps.accounts.errors import ErasureBlocked, PersonErased, PhoneNotAllowed, RequestAnswered
from apps.accounts.models import Consent, DataRequest, OtpChallenge, User
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory, UserFactory
from apps.bookings.models import Booking
from apps.bookings.services import book_appointment, cancel_booking
from apps.bookings.tests.conftest import open_salon
from apps.bookings.tests.factories import BookingFactory
from apps.common.errors import Forbidden
from apps.common.history import save_as
from apps.common.phones import is_placeholder
from apps.common.testing.race import Halt, beside, race_rounds, wait_for_blocked
from apps.notifications.models import Notification
from apps.notifications.tests.factories import NotificationFactory
from apps.payments.models import Payment, Refund, WebhookEvent
from apps.payments.selectors import owed_by
from apps.payments.services import process_webhooks
from apps.salons.models import BlockedPhone, Customer
from apps.salons.services import change_customer_card, customer_card_of, open_customer_card
from apps.salons.tests.factories import CustomerFactory, MembershipFactory
from project.tests import personal_data
from project.tests.personal_data import MARK, OTHERS, PHONE, dump, ledger, somebody, tables_holding
from project.tests.test_admin_walls import doors, text_of, url
from project.tests.two_salons import TwoSalons, shown_models

NUMBER = PHONE[4:]


def ask(person):
    return services.request_erasure(user=person, actor=person)


def erase(person, actor=None):
    return services.erase_person(request_id=ask(person).pk, actor=actor or OwnerFactory())


@pytest.mark.django_db
def test_adm10_nothing_of_an_erased_person_is_left_in_any_table_and_the_ledger_is_what_it_was():
    """ADM10, reliability row 130"""
    known, other, owner = somebody(), somebody(phone="+966551112223", mark=OTHERS), OwnerFactory()
    before, neighbours = ledger(), {table: text.count(OTHERS) for table, text in dump().items()}
    who = {model: list(model._base_manager.order_by("pk").values_list("history_user")) for model in histories()}

    asked = erase(known.person, owner)

    assert tables_holding(MARK, NUMBER) == set()
    assert ledger() == before
    assert {table: text.count(OTHERS) for table, text in dump().items()} == neighbours
    assert {
        model: list(model._base_manager.order_by("pk").values_list("history_user"))[: len(who[model])] for model in who
    } == who
    person = User.objects.get(pk=known.person.pk)
    assert (person.name, person.is_active, person.marketing_consent) == ("", False, False)
    assert (is_placeholder(person.phone), person.has_usable_password()) == (True, False)
    assert (person.erased_at is not None, person.history.latest().history_user) == (True, owner)
    assert (asked.status, asked.answered_at is not None) == (DataRequest.Status.DONE, True)
    assert User.objects.get(pk=other.person.pk).erased_at is None


def histories():
    return [row.history.model for row in (User, Customer, Booking, Payment, Refund, Notification, DataRequest)]


@pytest.mark.django_db
def test_the_mark_stands_in_every_table_before_so_that_the_scan_can_fail():
    known = somebody()

    marked, phones = tables_holding(MARK), tables_holding(NUMBER)

    goes = {name.rpartition(".")[0] for name, fate in personal_data.described().items() if fate != "stays"}
    models = {m for m in personal_data.models_with_people() if m._meta.label in goes}
    assert {model._meta.db_table for model in models} - marked == set()
    assert {row.history.model._meta.db_table for row in known.rows if hasattr(row, "history")} - marked == set()
    assert phones == {
        "accounts_user",
        "accounts_historicaluser",
        "accounts_otpchallenge",
        "accounts_phoneguard",
        "notifications_notification",
        "notifications_historicalnotification",
    }


@pytest.mark.django_db
def test_a_phone_from_before_goes_too_unless_somebody_else_has_it_now():
    person = UserFactory(phone="+966559990001")
    person.phone = "+966559990002"
    save_as_person(person)
    OtpChallenge.objects.create(phone="+966559990001", code_hmac="0" * 64, expires_at=timezone.now())
    person.phone = PHONE
    save_as_person(person)
    heir = UserFactory(phone="+966559990002")
    OtpChallenge.objects.create(phone=heir.phone, code_hmac="0" * 64, expires_at=timezone.now())

    erase(person)

    assert tables_holding("559990001", NUMBER) == set()
    assert OtpChallenge.objects.get().phone == heir.phone


def save_as_person(person):
    person.save(update_fields=["phone"])


@pytest.mark.django_db
def test_a_reason_left_with_the_neighbours_that_made_room_goes_too():
    visit = BookingFactory(status=Booking.Status.COMPLETED, override_reason=MARK)
    pay(visit)
    neighbour = BookingFactory()
    save_as(neighbour, actor=None, reason=f"Buffer given up for booking {visit.display_reference}: {MARK}")

    erase(visit.customer.user)

    assert tables_holding(MARK) == set()
    assert neighbour.history.latest().history_change_reason == ""


def pay(booking):
    paid = {"amount": booking.price_amount, "captured_amount": booking.price_amount, "status": "paid"}
    return Payment.objects.create(salon=booking.salon, booking=booking, **paid)


@pytest.mark.django_db
def test_a_message_that_waits_is_never_sent():
    visit = BookingFactory(status=Booking.Status.CANCELLED)
    message = NotificationFactory(booking=visit)

    erase(visit.customer.user)

    message.refresh_from_db()
    assert (message.status, message.reason) == ("suppressed", "the customer's data was erased")
    assert (message.recipient, message.body) == ("", "")


@pytest.mark.django_db
def test_what_the_gateway_tells_later_is_kept_without_the_payer(monkeypatch):
    known = somebody()
    erase(known.person)
    payment = Payment.objects.first()
    data = {"id": "p", "invoice_id": payment.gateway_invoice_id, "amount": 100, "source": {"name": MARK}}
    event = WebhookEvent.objects.create(
        provider="moyasar", event_id="later", kind="payment_paid", payload={"data": data}
    )
    monkeypatch.setattr("apps.payments.services.webhooks.refresh_payment", lambda payment_id: payment)

    process_webhooks()

    event.refresh_from_db()
    assert event.payload == {"data": {"id": "p", "invoice_id": payment.gateway_invoice_id, "amount": 100}}


@pytest.mark.django_db
def test_the_consent_ends_with_the_erasure_and_its_proof_stays():
    person, owner = UserFactory(), OwnerFactory()
    services.update_profile(user=person, actor=person, marketing_consent=True)

    erase(person, owner)

    said = Consent.objects.filter(user=person).order_by("pk").values_list("is_granted", "source", "actor")
    assert list(said) == [(True, "app", person.pk), (False, "erasure", owner.pk)]


# --- PR02: what is in the way ---


def upcoming(person):
    return BookingFactory(customer__user=person)


def unpaid(person):
    return BookingFactory(customer__user=person, status=Booking.Status.COMPLETED)


def fee(person):
    owed = {"cancelled_by": "customer", "cancellation_fee_amount": Decimal("10.00")}
    return BookingFactory(customer__user=person, status=Booking.Status.CANCELLED, **owed)


def payment_in(state):
    def make(person):
        visit = BookingFactory(customer__user=person, status=Booking.Status.CANCELLED)
        return Payment.objects.create(salon=visit.salon, booking=visit, amount=10, status=state).booking

    return make


def refund_in(state):
    def make(person):
        visit = BookingFactory(customer__user=person, status=Booking.Status.COMPLETED)
        Refund.objects.create(salon=visit.salon, payment=pay(visit), amount=1, reason="late", status=state)
        return visit

    return make


OBSTACLES = [
    pytest.param("open_booking", upcoming, id="a booking that is still open"),
    pytest.param("unpaid_balance", unpaid, id="a visit that was not paid"),
    pytest.param("unpaid_balance", fee, id="a cancellation fee"),
    *(
        pytest.param("payment_open", payment_in(state), id=f"payment {state}")
        for state in ["created", "submitted", "initiated", "unknown", "authorized", "review"]
    ),
    *(
        pytest.param("refund_open", refund_in(state), id=f"refund {state}")
        for state in ["requested", "approved", "sending", "unknown", "review"]
    ),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "make"), OBSTACLES)
def test_pr02_an_erasure_waits_for_visits_and_money_and_says_so(code, make):
    """PR02"""
    person = UserFactory(phone=PHONE, name="Sara")
    booking = make(person)
    asked = ask(person)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {services.issue_tokens(user=person).access}")

    with override("en"), pytest.raises(ErasureBlocked) as refusal:
        services.erase_person(request_id=asked.pk, actor=OwnerFactory())

    assert booking.display_reference in str(refusal.value)
    asked.refresh_from_db()
    person.refresh_from_db()
    assert (asked.status, person.name, person.phone, person.erased_at) == ("open", "Sara", PHONE, None)
    told = client.delete("/api/v1/me/").json()["obstacles"]
    assert [one["code"] for one in told] == [code]
    assert booking.display_reference in told[0]["detail"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("has_role", OwnerFactory),
        ("has_role", PlatformUserFactory),
        ("works_in_salon", lambda: MembershipFactory().user),
    ],
    ids=["owner", "support", "member of a salon"],
)
def test_nobody_is_erased_while_they_work(code, make):
    person = make()

    with pytest.raises(ErasureBlocked):
        erase(person)

    person.refresh_from_db()
    assert person.erased_at is None


@pytest.mark.django_db
def test_once_it_is_over_the_same_request_is_carried_out():
    person = UserFactory()
    visit = upcoming(person)
    asked = ask(person)
    with pytest.raises(ErasureBlocked):
        services.erase_person(request_id=asked.pk, actor=OwnerFactory())
    cancel_booking(actor=None, booking_id=visit.pk, by=Booking.CancelledBy.SALON)

    services.erase_person(request_id=asked.pk, actor=OwnerFactory())

    person.refresh_from_db()
    assert person.erased_at is not None
    with pytest.raises(RequestAnswered):
        services.erase_person(request_id=asked.pk, actor=OwnerFactory())


@pytest.mark.django_db
def test_only_the_owner_erases():
    person = UserFactory()
    asked = ask(person)

    for actor in (person, PlatformUserFactory(), PlatformUserFactory(role="auditor")):
        with pytest.raises(Forbidden):
            services.erase_person(request_id=asked.pk, actor=actor)

    person.refresh_from_db()
    assert person.erased_at is None


# --- PR04 and what an erased person can still do: nothing ---


@pytest.mark.django_db
def test_pr04_the_same_phone_comes_back_as_somebody_new(capsys):
    """PR04"""
    known = somebody()
    erase(known.person)
    capsys.readouterr()

    challenge = services.request_code(phone=PHONE)
    code = capsys.readouterr().out.split("code=")[1].strip()
    signed_in = services.sign_in(challenge_id=challenge.pk, code=code)

    person = signed_in.user
    assert (signed_in.is_new, person.name, person.customer_cards.count()) == (True, "", 0)
    assert person.pk != known.person.pk


@pytest.mark.django_db
def test_pr04_a_block_follows_the_phone_as_a_keyed_hash_and_ends_when_it_is_lifted():
    """PR04"""
    card = CustomerFactory(user__phone=PHONE, is_blocked=True)
    elsewhere = CustomerFactory(user=card.user)

    erase(card.user)

    assert [row.salon for row in BlockedPhone.objects.all()] == [card.salon]
    again = UserFactory(phone=PHONE)
    assert customer_card_of(again, salon=card.salon).is_blocked is True
    assert customer_card_of(again, salon=elsewhere.salon).is_blocked is False
    opened = open_customer_card(actor=None, salon=card.salon, phone=PHONE)
    assert opened.is_blocked is True
    opened.is_blocked = False
    change_customer_card(opened, actor=None)
    erase(again)
    assert BlockedPhone.objects.count() == 0


@pytest.mark.django_db
def test_tokens_and_sessions_of_an_erased_person_are_refused_at_the_next_call(client):
    person = UserFactory()
    role = MembershipFactory(user=person)
    pair = services.issue_tokens(user=person)
    client.force_login(person)
    assert client.get("/admin/").status_code == 200
    role.is_active = False
    save_as(role, actor=None)

    erase(person)

    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {pair.access}")
    assert api.get("/api/v1/me/").status_code == 401
    assert APIClient().post("/api/v1/auth/token/refresh/", {"refresh": pair.refresh}, format="json").status_code == 401
    assert client.get("/admin/").status_code == 302


@pytest.mark.django_db
def test_nothing_is_written_about_an_erased_person_any_more():
    card = CustomerFactory()
    person = card.user
    erase(person)
    card.notes = MARK

    for write in (
        lambda: services.update_profile(user=person, actor=person, name=MARK),
        lambda: change_customer_card(card, actor=None),
    ):
        with pytest.raises(PersonErased):
            write()

    assert tables_holding(MARK) == set()


@pytest.mark.django_db
def test_a_page_opened_before_the_erasure_brings_nothing_back(client):
    card = CustomerFactory(notes=MARK)
    person = card.user
    erase(person)
    client.force_login(OwnerFactory())
    forms = {
        url(User, "change", person.pk): {"phone": PHONE, "name": MARK, "locale": "en", "is_active": "on"},
        url(Customer, "change", card.pk): {"notes": MARK},
    }

    answers = [client.post(address, form).status_code for address, form in forms.items()]

    assert answers == [403, 403]
    assert tables_holding(MARK, NUMBER) == set()


@pytest.mark.django_db
def test_what_is_owed_is_counted_over_all_visits_in_one_query(django_assert_num_queries):
    person = UserFactory()
    partly, paid = unpaid(person), unpaid(person)
    pay(paid)
    payment = {"amount": 40, "captured_amount": 40, "refunded_amount": 10, "status": "paid"}
    Payment.objects.create(salon=partly.salon, booking=partly, **payment)
    owing = fee(person)

    with django_assert_num_queries(1):
        owed = owed_by(person)

    amounts = {booking.pk: amount for booking, amount in owed}
    assert amounts == {partly.pk: partly.price_amount - 30, owing.pk: Decimal("10.00")}


@pytest.mark.django_db
def test_the_place_of_a_phone_can_neither_be_typed_in_nor_signed_in_with():
    person = UserFactory()
    erase(person)
    person.refresh_from_db()

    with pytest.raises(PhoneNotAllowed):
        services.request_code(phone=person.phone)
    with pytest.raises(ValidationError):
        open_customer_card(actor=None, salon=CustomerFactory().salon, phone=person.phone)


@pytest.mark.django_db
def test_every_page_about_an_erased_person_opens_and_shows_no_placeholder(client):
    known = somebody()
    erase(known.person)
    place = User.objects.get(pk=known.person.pk).phone
    rows = {type(row): row for row in known.rows if type(row)._base_manager.filter(pk=row.pk).exists()}
    client.force_login(OwnerFactory(locale="en"))

    for model in rows.keys() & set(shown_models()):
        for address in doors(TwoSalons(rows, rows), model):
            answer = client.get(address)
            assert answer.status_code in {200, 302, 400, 403, 404}, address
            assert place[1:] not in text_of(answer), address
    for model in (User, Customer, Booking, Notification):
        answer = client.get(url(model, "change", rows[model].pk))
        assert answer.status_code == 200
        assert "erased person" in text_of(answer) or model is Notification


# --- Races ---


def tomorrow_at_noon():
    return timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_of_booking_and_erasing_at_once_one_wins_and_the_other_is_refused():
    house, owner = open_salon(), OwnerFactory()
    people = UserFactory.create_batch(10)
    asked = [ask(person) for person in people]
    start = tomorrow_at_noon()

    def turn(number, seat):
        if seat == number % 2:
            return services.erase_person(request_id=asked[number].pk, actor=owner)
        when = start + timedelta(days=number)
        person = people[number]
        return book_appointment(actor=person, person=person, service_id=house.service.pk, starts_at=when)

    rounds = race_rounds(2, len(people), turn)

    for person, results in zip(people, rounds, strict=True):
        person.refresh_from_db()
        stands, is_erased = Booking.objects.of_customer(person).exists(), person.erased_at is not None
        assert (stands, is_erased) in {(True, False), (False, True)}
        refusals = [type(result) for result in results if isinstance(result, Exception)]
        assert refusals == [PersonErased if is_erased else ErasureBlocked]


@pytest.mark.django_db(transaction=True)
def test_who_books_while_the_erasure_is_being_written_is_refused(monkeypatch):
    house = open_salon()
    person, owner = UserFactory(), OwnerFactory()
    asked, start, halt = ask(person), tomorrow_at_noon(), Halt()
    real = services.requests.erase_everywhere
    monkeypatch.setattr(services.requests, "erase_everywhere", lambda one: (halt.here(), real(one)))

    with beside(lambda: services.erase_person(request_id=asked.pk, actor=owner)) as erasing:
        halt.wait()
        with beside(
            lambda: book_appointment(actor=person, person=person, service_id=house.service.pk, starts_at=start)
        ) as booking:
            wait_for_blocked(booking)
            halt.lift()
            refused = booking.result()

    assert isinstance(refused, PersonErased)
    assert erasing.result().status == DataRequest.Status.DONE
    assert not Booking.objects.of_customer(person).exists()


@pytest.mark.django_db(transaction=True)
def test_control_without_the_persons_lock_a_visit_slips_past_the_erasure(monkeypatch):
    """On PostgreSQL. SQLite has one writer at a time, so there the erasure's transaction is the lock."""
    house = open_salon()
    owner = OwnerFactory()
    # Known to the salon and booked for by somebody else, so that no key of the new row waits for the person's.
    person = CustomerFactory(salon=house.salon).user
    asked, start, halt = ask(person), tomorrow_at_noon(), Halt()
    real = services.requests.erase_everywhere
    monkeypatch.setattr(services.requests, "erase_everywhere", lambda one: (halt.here(), real(one)))
    monkeypatch.setattr(services.requests, "lock", lambda **_names: None)

    with beside(lambda: services.erase_person(request_id=asked.pk, actor=owner)):
        halt.wait()
        with beside(
            lambda: book_appointment(
                actor=owner, person=person, service_id=house.service.pk, starts_at=start, source=Booking.Source.DESK
            )
        ) as booking:
            wait_for_blocked(booking)
            halt.lift()
            booked = booking.result()

    assert isinstance(booked, Booking if connection.vendor == "postgresql" else PersonErased)
    person.refresh_from_db()
    assert person.erased_at is not None
