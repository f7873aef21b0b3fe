"""Two cards of one customer become one: what moves, what wins, who may, and what happens at the same moment."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection
from django.urls import reverse
from django.utils import timezone

from apps.accounts.errors import ErasureBlocked, PersonErased
from apps.accounts.models import Consent, User
from apps.accounts.services import erase_person, request_erasure, update_profile
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory, UserFactory
from apps.bookings.models import Booking
from apps.bookings.selectors import record_of
from apps.bookings.services import book_appointment, review_booking
from apps.bookings.tests.conftest import open_salon
from apps.bookings.tests.factories import BookingFactory
from apps.common.errors import Conflict, Forbidden, Missing
from apps.common.testing.race import Halt, beside, race, race_rounds, wait_for_blocked
from apps.notifications.models import Notification
from apps.notifications.tests.factories import NotificationFactory
from apps.payments.models import Payment, Refund
from apps.salons.errors import CardsOfTwoSalons, SameCard, WorksHere
from apps.salons.models import BlockedPhone, CardMerge, Customer, Review
from apps.salons.services import change_customer_card, customer_card_of, customers, merge_customers
from apps.salons.tests.factories import CustomerFactory, MembershipFactory, SalonFactory, StaffFactory
from project.tests.personal_data import dump, tables_holding
from project.tests.two_salons import MARK

SUBMITTED = {"_form_submitted": "true"}
OLD, NEW = "+966559990011", "+966559990022"


@pytest.fixture
def twice(db):
    """A salon that has Sara twice: with the old phone and with the new one."""
    return sara_twice(open_salon())


def sara_twice(house):
    house.service.refresh_from_db()
    house.old = CustomerFactory(salon=house.salon, user=UserFactory(name="Sara", phone=OLD))
    house.new = CustomerFactory(salon=house.salon, user=UserFactory(name="Sara A.", phone=NEW))
    return house


def merge(house, **said):
    """The card of the old phone into that of the new one, by the manager."""
    who = {"actor": house.manager, "card_id": house.old.pk, "into_id": house.new.pk}
    return merge_customers(**{**who, "reason": "new phone", **said})


def visit(house, card, **fields):
    return BookingFactory(salon=house.salon, customer=card, service=house.service, **fields)


# --- What moves ---


def test_adm20_visits_with_their_money_and_messages_and_reviews_move(twice):
    """ADM20"""
    done = visit(twice, twice.old, status=Booking.Status.COMPLETED)
    review_booking(actor=twice.old.user, booking_id=done.pk, rating=5, comment="Lovely")
    ahead, own = visit(twice, twice.old), visit(twice, twice.new)
    paid = Payment.objects.create(salon=twice.salon, booking=done, amount="115.00", captured_amount="115.00")
    back = Refund.objects.create(salon=twice.salon, payment=paid, amount=Decimal("1.00"), reason="late")
    told = NotificationFactory(booking=done, recipient=OLD)

    kept = merge(twice)

    assert not Customer.objects.filter(pk=twice.old.pk).exists()
    assert set(Booking.objects.filter(customer=twice.new)) == {done, ahead, own}
    assert Review.objects.get().customer == twice.new
    assert [(row.booking, row.captured_amount) for row in Payment.objects.all()] == [(done, Decimal("115.00"))]
    assert list(Refund.objects.all()) == [back]
    message = Notification.objects.get()
    assert (message.pk, message.recipient, message.booking.customer) == (told.pk, OLD, twice.new)
    assert sorted(kept.bookings) == sorted([done.reference, ahead.reference])
    assert (kept.salon, kept.card, kept.merged_card, kept.person) == (
        twice.salon,
        twice.new,
        twice.old.pk,
        twice.old.user,
    )
    assert (kept.actor, kept.reason) == (twice.manager, "new phone")


def test_adm20_visits_that_overlap_move_too_and_states_and_versions_stay(twice):
    """ADM20"""
    first, second = visit(twice, twice.old), visit(twice, twice.new)
    assert first.starts_at == second.starts_at

    merge(twice)

    assert [(b.customer, b.status, b.version) for b in Booking.objects.all()] == [(twice.new, "confirmed", 1)] * 2


def test_adm20_history_says_of_every_visit_who_moved_it_when_and_why(twice):
    """ADM20"""
    booking = visit(twice, twice.old)

    merge(twice)

    now, before = booking.history.all()
    assert (before.customer_id, now.customer_id) == (twice.old.pk, twice.new.pk)
    assert (now.history_user, now.history_change_reason) == (twice.manager, "new phone")
    gone = Customer.history.filter(id=twice.old.pk).latest()
    assert (gone.history_type, gone.user_id, gone.history_user) == ("-", twice.old.user_id, twice.manager)


def test_adm20_both_notes_are_kept_and_the_source_is_said(twice):
    """ADM20"""
    twice.old.notes, twice.new.notes = "Allergic to henna", "Likes the window"
    for card in (twice.old, twice.new):
        card.save()

    merge(twice)

    twice.new.refresh_from_db()
    day = timezone.localdate()
    assert twice.new.notes == f"Likes the window\n\n[Sara · {day:%d/%m/%Y}]\nAllergic to henna"


def test_adm20_no_shows_count_for_the_card_that_stays(twice):
    """ADM20"""
    visit(twice, twice.old, status=Booking.Status.NO_SHOW)

    merge(twice)

    assert record_of(twice.new.user, twice.salon, now=timezone.now()).no_shows == 1
    assert record_of(twice.old.user, twice.salon, now=timezone.now()).no_shows == 0


def test_adm20_the_customer_is_one_since_the_earlier_day(twice):
    """ADM20"""
    long_ago = timezone.now() - timedelta(days=400)
    Customer.objects.filter(pk=twice.old.pk).update(created_at=long_ago)

    merge(twice)

    assert Customer.objects.get(pk=twice.new.pk).created_at == long_ago


# --- What wins ---


@pytest.mark.parametrize(("old", "new"), [(True, False), (False, True), (True, True), (False, False)])
def test_adm20_a_block_of_either_card_wins_and_the_old_phone_opens_no_way_around_it(twice, old, new):
    """ADM20"""
    twice.old.is_blocked, twice.new.is_blocked = old, new
    for card in (twice.old, twice.new):
        card.save()

    merge(twice)

    blocked = old or new
    assert Customer.objects.get(pk=twice.new.pk).is_blocked is blocked
    assert customer_card_of(twice.old.user, salon=twice.salon).is_blocked is blocked
    assert BlockedPhone.objects.count() == blocked
    assert Customer.history.filter(id=twice.old.pk).latest().is_blocked is old


@pytest.mark.parametrize(("old", "new"), [(True, False), (False, True), (True, True), (False, False)])
def test_adm20_the_stricter_consent_becomes_that_of_who_stays(twice, old, new):
    """ADM20"""
    for card, said in ((twice.old, old), (twice.new, new)):
        User.objects.filter(pk=card.user_id).update(marketing_consent=said)

    merge(twice)

    consents = dict(User.objects.values_list("phone", "marketing_consent"))
    assert (consents[OLD], consents[NEW]) == (old, old and new)
    recorded = [(c.user, c.is_granted, c.source, c.actor) for c in Consent.objects.all()]
    withdrawn = [(twice.new.user, False, Consent.Source.MERGE, twice.manager)]
    assert recorded == (withdrawn if new and not old else [])


def test_adm20_the_person_keeps_the_account_and_is_somebody_new_here(twice):
    """ADM20"""
    elsewhere = CustomerFactory(user=twice.old.user)
    mine = BookingFactory(salon=elsewhere.salon, customer=elsewhere)
    moved = visit(twice, twice.old)
    merge(twice)

    booked = book(twice, twice.old.user)

    assert booked.customer.pk not in {twice.old.pk, twice.new.pk}
    assert set(Booking.objects.of_customer(twice.old.user)) == {mine, booked}
    assert set(Booking.objects.of_customer(twice.new.user)) == {moved}


def test_adm20_what_was_merged_into_a_card_goes_on_with_it(twice):
    """ADM20"""
    third = CustomerFactory(salon=twice.salon)
    booking = visit(twice, twice.old)
    merge(twice)

    merge(twice, card_id=twice.new.pk, into_id=third.pk)

    assert Booking.objects.get().customer == third
    assert set(third.merges.values_list("merged_card", "person")) == {
        (twice.old.pk, twice.old.user_id),
        (twice.new.pk, twice.new.user_id),
    }
    assert [row.bookings for row in third.merges.all()] == [[booking.reference]] * 2


# --- What is refused ---


def works_as_manager(card):
    MembershipFactory(user=card.user)


def works_as_stylist(card):
    StaffFactory(user=card.user)


def owns_the_platform(card):
    User.objects.filter(pk=card.user_id).update(is_superuser=True)


def supports(card):
    card.user.groups.add(PlatformUserFactory().groups.get())


@pytest.mark.django_db
@pytest.mark.parametrize("which", ["old", "new"])
@pytest.mark.parametrize("employ", [works_as_manager, works_as_stylist, owns_the_platform, supports])
def test_adm20_staff_accounts_are_never_merged(twice, employ, which):
    """ADM20"""
    employ(getattr(twice, which))

    assert refused(twice) == (WorksHere, "person_has_role")


def test_adm20_a_card_is_not_merged_with_itself(twice):
    """ADM20"""
    assert refused(twice, into_id=twice.old.pk) == (SameCard, "same_card")


def test_adm20_cards_of_two_salons_are_never_put_together(twice):
    """ADM20"""
    owner, stranger = OwnerFactory(), CustomerFactory()

    assert refused(twice, actor=owner, into_id=stranger.pk) == (CardsOfTwoSalons, "cards_of_two_salons")
    assert refused(twice, actor=owner, card_id=stranger.pk) == (CardsOfTwoSalons, "cards_of_two_salons")


@pytest.mark.parametrize("role", ["receptionist", "stylist", "manager elsewhere", "customer", "support", "auditor"])
def test_adm20_who_lacks_the_right_merges_nothing(twice, role):
    """ADM20"""
    actor = {
        "customer": lambda: twice.old.user,
        "manager elsewhere": lambda: MembershipFactory(salon=SalonFactory()).user,
        "support": lambda: PlatformUserFactory(role="support"),
        "auditor": lambda: PlatformUserFactory(role="auditor"),
    }.get(role, lambda: MembershipFactory(salon=twice.salon, role=role).user)()

    assert refused(twice, actor=actor) == (Forbidden, "permission_denied")


@pytest.mark.parametrize("which", ["old", "new"])
def test_adm20_an_erased_person_is_not_merged(twice, which):
    """ADM20"""
    erase(getattr(twice, which).user)

    assert refused(twice)[1] == "person_erased"


def test_adm20_a_card_that_never_was_is_missing_and_one_that_is_gone_a_conflict(twice):
    """ADM20"""
    assert refused(twice, into_id=0) == (Missing, "not_found")
    gone = CustomerFactory(salon=twice.salon).pk
    merge(twice, card_id=gone)
    assert refused(twice, into_id=gone) == (Conflict, "conflict")


def refused(house, **said):
    """Class and code of the refusal; nothing at all has changed."""
    house.old.notes = "Allergic to henna"
    house.old.save()
    visit(house, house.old)
    before = dump()
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the caller compares the class
        merge(house, **said)
    assert dump() == before
    return type(caught.value), caught.value.code


# --- Afterwards ---


def erase(person):
    return erase_person(request_id=request_erasure(user=person, actor=person).pk, actor=OwnerFactory())


@pytest.mark.parametrize("who", ["old", "new"])
def test_adm20_whoever_of_the_two_is_erased_nothing_of_the_old_card_is_left(twice, who):
    """ADM20"""
    twice.old.notes = MARK
    twice.old.save()
    twice.new.notes = "Likes the window"
    twice.new.save()
    done = visit(twice, twice.old, status=Booking.Status.COMPLETED, note=MARK, guest_name=MARK)
    review_booking(actor=twice.old.user, booking_id=done.pk, rating=5, comment=MARK)
    Payment.objects.create(
        salon=twice.salon, booking=done, amount=done.price_amount, captured_amount=done.price_amount, status="paid"
    )
    NotificationFactory(booking=done, recipient=OLD, body=MARK)
    merge(twice, reason=MARK)
    assert tables_holding(MARK) > {"salons_customer", "salons_cardmerge", "bookings_booking", "salons_review"}

    erase(getattr(twice, who).user)

    assert tables_holding(MARK) == set()
    if who == "old":
        assert tables_holding(OLD[4:]) == set()


def test_adm20_an_open_visit_that_moved_holds_up_the_erasure_of_both(twice):
    """ADM20"""
    booking = visit(twice, twice.old)
    merge(twice)

    for card in (twice.old, twice.new):
        with pytest.raises(ErasureBlocked) as caught:
            erase(card.user)
        assert booking.display_reference in str(caught.value)


@pytest.mark.parametrize("card", ["old", "new"])
def test_adm20_a_page_read_before_the_merge_brings_nothing_back(twice, card):
    """ADM20"""
    stale = Customer.objects.get(pk=getattr(twice, card).pk)
    twice.old.notes, twice.old.is_blocked = "Allergic to henna", True
    twice.old.save()
    merge(twice)
    before = dump()

    stale.notes = "Likes the window"
    with pytest.raises(Conflict):
        change_customer_card(stale, actor=twice.manager)

    assert dump() == before


# --- The page ---


def page_of(card):
    return reverse("admin:salons_customer_change", args=[card.pk])


def dialog_of(card):
    return reverse("admin:salons_customer_merge_action", args=[card.pk])


@pytest.fixture
def desk(client, twice):
    return seated(client, twice.manager)


def seated(client, person):
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


def offered(answer):
    return [label for key, label in answer.context["form"].fields["into"].widget.choices if key]


def test_adm20_the_dialog_says_what_will_move_and_offers_the_other_cards_of_the_salon(desk, twice):
    """ADM20"""
    twice.old.notes, twice.old.is_blocked = "Allergic to henna", True
    twice.old.save()
    done = visit(twice, twice.old, status=Booking.Status.COMPLETED)
    review_booking(actor=twice.old.user, booking_id=done.pk, rating=5)
    visit(twice, twice.old)
    visit(twice, twice.new)
    CustomerFactory(user__name="Sara elsewhere")
    erase(CustomerFactory(salon=twice.salon).user)

    answer = desk.get(dialog_of(twice.old))

    text = answer.content.decode()
    assert "visits 2, reviews 1." in text
    assert "The notes are added to those of that card." in text
    assert "That card may not book online afterwards" in text
    assert offered(answer) == [f"Sara A. · \u2066{NEW}\u2069"]
    assert not CardMerge.objects.exists()


@pytest.mark.parametrize("term", ["layan", "0551112223", "٥٥١١١٢٢٢٣"])
def test_adm20_the_card_that_stays_is_found_by_name_or_phone(desk, twice, term):
    """ADM20"""
    CustomerFactory(salon=twice.salon, user=UserFactory(name="Layan", phone="+966551112223"))

    assert offered(desk.get(dialog_of(twice.old), {"term": term})) == ["Layan · \u2066+966551112223\u2069"]


def test_adm20_the_merge_leads_to_the_card_that_stays_which_says_what_came_to_it(desk, twice):
    """ADM20"""
    booking = visit(twice, twice.old)

    answer = desk.post(dialog_of(twice.old), {**SUBMITTED, "into": twice.new.pk, "reason": "new phone"})

    assert answer.headers["HX-Redirect"] == page_of(twice.new)
    assert Booking.objects.get().customer == twice.new
    page = desk.get(page_of(twice.new)).content.decode()
    for text in ("Merged cards", OLD, "new phone", booking.reference, "This is the one that stays."):
        assert text in page
    assert "Merged cards" not in desk.get(page_of(CustomerFactory(salon=twice.salon))).content.decode()
    history = desk.get(reverse("admin:salons_customer_history", args=[twice.new.pk])).content.decode()
    assert "new phone" in history


def test_adm20_a_refusal_is_told_and_leaves_everything(desk, twice):
    """ADM20"""
    MembershipFactory(user=twice.new.user)

    answer = desk.post(
        dialog_of(twice.old),
        {**SUBMITTED, "into": twice.new.pk, "reason": "new phone"},
        headers={"HX-Current-URL": f"http://testserver{page_of(twice.old)}"},
    )

    assert answer.headers["HX-Redirect"] == page_of(twice.old)
    assert "Sara A. has a role in a salon or on the platform." in desk.get(page_of(twice.old)).content.decode()
    assert Customer.objects.filter(pk=twice.old.pk).exists()


@pytest.mark.parametrize("into", ["theirs", "itself", "", "x", "9" * 40])
def test_adm20_no_card_but_another_one_of_the_salon_can_be_sent(desk, twice, into):
    """ADM20"""
    key = {"theirs": CustomerFactory().pk, "itself": twice.old.pk}.get(into, into)

    answer = desk.post(dialog_of(twice.old), {**SUBMITTED, "into": key, "reason": "new phone"})

    assert list(answer.context["form"].errors) == ["into"]
    assert not CardMerge.objects.exists()


def test_adm20_looking_at_the_dialog_or_leaving_out_the_reason_merges_nothing(desk, twice):
    """ADM20"""
    desk.get(dialog_of(twice.old), {**SUBMITTED, "into": twice.new.pk, "reason": "new phone"})
    answer = desk.post(dialog_of(twice.old), {**SUBMITTED, "into": twice.new.pk, "reason": ""})

    assert list(answer.context["form"].errors) == ["reason"]
    assert not CardMerge.objects.exists()


@pytest.mark.parametrize("role", ["receptionist", "stylist", "manager elsewhere"])
def test_adm20_the_button_is_for_who_may_and_the_address_too(client, twice, role):
    """ADM20"""
    person = (
        MembershipFactory(salon=SalonFactory()).user
        if role == "manager elsewhere"
        else MembershipFactory(salon=twice.salon, role=role).user
    )
    desk = seated(client, person)

    answer = desk.post(dialog_of(twice.old), {**SUBMITTED, "into": twice.new.pk, "reason": "new phone"})

    assert answer.status_code in (403, 404)
    assert dialog_of(twice.old) not in desk.get(page_of(twice.old), follow=True).content.decode()
    assert not CardMerge.objects.exists()


# --- At the same moment ---


def book(house, person, *, day=1, actor=None):
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    return book_appointment(
        actor=actor or person, person=person, service_id=house.service.pk, starts_at=noon + timedelta(days=day)
    )


@pytest.mark.django_db(transaction=True)
def test_adm20_a_visit_booked_at_the_moment_of_the_merge_ends_on_a_card_that_lives():
    """ADM20"""
    house, rounds = open_salon(), 10
    pairs = [CustomerFactory.create_batch(2, salon=house.salon) for _round in range(rounds)]

    def turn(number, seat):
        old, new = pairs[number]
        if seat == number % 2:
            return merge_customers(actor=house.manager, card_id=old.pk, into_id=new.pk, reason="twice")
        return book(house, old.user, day=number + 1)

    for (old, new), results in zip(pairs, race_rounds(2, rounds, turn), strict=True):
        [booking] = [result for result in results if isinstance(result, Booking)]
        [merged] = [result for result in results if isinstance(result, CardMerge)]
        card = Booking.objects.get(pk=booking.pk).customer
        assert not Customer.objects.filter(pk=old.pk).exists()
        # Booked before: it moved. Booked after: on a new card of the same person.
        assert (card == new, card.user == old.user) in {(True, False), (False, True)}
        assert merged.bookings == ([booking.reference] if card == new else [])


def halting(monkeypatch, halt):
    """The first merge stops when the visits have moved and the card still stands."""
    real, calls = customers.adopt_stricter_consent, []

    def adopt(**said):
        calls.append(said)
        if len(calls) == 1:
            halt.here()
        real(**said)

    monkeypatch.setattr(customers, "adopt_stricter_consent", adopt)


@pytest.mark.django_db(transaction=True)
def test_adm20_who_books_while_the_cards_are_being_merged_gets_a_new_card(monkeypatch):
    """ADM20"""
    house, halt = sara_twice(open_salon()), Halt()
    halting(monkeypatch, halt)

    with beside(lambda: merge(house)) as merging:
        halt.wait()
        with beside(lambda: book(house, house.old.user, actor=house.manager)) as booking:
            wait_for_blocked(booking)
            halt.lift()
            booked = booking.result()

    assert isinstance(merging.result(), CardMerge)
    assert booked.customer.pk not in {house.old.pk, house.new.pk}
    assert Booking.objects.get().customer.user == house.old.user


@pytest.mark.django_db(transaction=True)
def test_control_without_the_locks_of_the_two_people_the_merge_breaks_on_a_new_visit(monkeypatch):
    """On PostgreSQL. SQLite has one writer at a time, so there the transaction of the merge is the lock."""
    house, halt = sara_twice(open_salon()), Halt()
    halting(monkeypatch, halt)
    monkeypatch.setattr(customers, "lock", lambda **_names: None)

    with beside(lambda: merge(house)) as merging:
        halt.wait()
        with beside(lambda: book(house, house.old.user, actor=house.manager)) as booking:
            wait_for_blocked(booking)
            halt.lift()
            booked = booking.result()

    if connection.vendor == "postgresql":
        assert isinstance(merging.result(), IntegrityError)
        assert booked.customer == house.old
    else:
        assert isinstance(merging.result(), CardMerge)
        assert booked.customer.pk not in {house.old.pk, house.new.pk}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_crossed", [False, True], ids=["the same way", "in both directions"])
def test_adm20_of_two_merges_at_once_one_wins(is_crossed):
    """ADM20"""
    house = sara_twice(open_salon())
    visit(house, house.old)
    visit(house, house.new)
    ways = [(house.old.pk, house.new.pk)] * 2
    if is_crossed:
        ways[1] = (house.new.pk, house.old.pk)

    results = race(2, lambda seat: merge(house, card_id=ways[seat][0], into_id=ways[seat][1]))

    [won] = [result for result in results if isinstance(result, CardMerge)]
    assert [type(result) for result in results if result is not won] == [Conflict]
    assert list(CardMerge.objects.all()) == [won]
    assert list(Customer.objects.filter(salon=house.salon)) == [won.card]
    assert Booking.objects.filter(customer=won.card).count() == 2


@pytest.mark.django_db(transaction=True)
def test_control_without_the_locks_one_card_is_merged_twice(monkeypatch):
    """On PostgreSQL, see above."""
    house, halt = sara_twice(open_salon()), Halt()
    halting(monkeypatch, halt)
    monkeypatch.setattr(customers, "lock", lambda **_names: None)

    with beside(lambda: merge(house)) as first:
        halt.wait()
        with beside(lambda: merge(house)) as second:
            wait_for_blocked(second)
            halt.lift()
            second.result()

    assert isinstance(first.result(), CardMerge)
    assert CardMerge.objects.count() == (2 if connection.vendor == "postgresql" else 1)


@pytest.mark.django_db(transaction=True)
def test_adm20_a_no_said_at_the_moment_of_the_merge_is_never_lost():
    """ADM20"""
    house, rounds = open_salon(), 6
    pairs = [
        CustomerFactory.create_batch(2, salon=house.salon, user__marketing_consent=True) for _round in range(rounds)
    ]

    def turn(number, seat):
        old, new = pairs[number]
        if seat == number % 2:
            return merge_customers(actor=house.manager, card_id=old.pk, into_id=new.pk, reason="twice")
        return update_profile(user=new.user, actor=new.user, marketing_consent=False)

    race_rounds(2, rounds, turn)

    for _old, new in pairs:
        assert not User.objects.get(pk=new.user_id).marketing_consent
        assert Consent.objects.filter(user=new.user, is_granted=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_adm20_a_review_written_at_the_moment_of_the_merge_goes_with_its_visit():
    """ADM20"""
    house, rounds = open_salon(), 6
    house.service.refresh_from_db()
    pairs = [CustomerFactory.create_batch(2, salon=house.salon) for _round in range(rounds)]
    done = [visit(house, old, status=Booking.Status.COMPLETED) for old, _new in pairs]

    def turn(number, seat):
        old, new = pairs[number]
        if seat == number % 2:
            return merge_customers(actor=house.manager, card_id=old.pk, into_id=new.pk, reason="twice")
        return review_booking(actor=old.user, booking_id=done[number].pk, rating=5)

    for (_old, new), results in zip(pairs, race_rounds(2, rounds, turn), strict=True):
        assert {type(result) for result in results} == {CardMerge, Booking}
        assert (Booking.objects.get(customer=new).review, Review.objects.get(customer=new).rating) == (
            Review.objects.get(customer=new),
            5,
        )
    assert Review.objects.count() == rounds


@pytest.mark.django_db(transaction=True)
def test_adm20_of_merging_and_erasing_at_once_no_word_survives():
    """ADM20"""
    house, owner, rounds = open_salon(), OwnerFactory(), 6
    pairs = [
        (CustomerFactory(salon=house.salon, notes=MARK), CustomerFactory(salon=house.salon)) for _round in range(rounds)
    ]
    asked = [request_erasure(user=old.user, actor=old.user) for old, _new in pairs]

    def turn(number, seat):
        old, new = pairs[number]
        if seat == number % 2:
            return merge_customers(actor=house.manager, card_id=old.pk, into_id=new.pk, reason=MARK)
        return erase_person(request_id=asked[number].pk, actor=owner)

    for results in race_rounds(2, rounds, turn):
        refusals = [type(result) for result in results if isinstance(result, Exception)]
        assert refusals in ([], [PersonErased])

    assert tables_holding(MARK) == set()
