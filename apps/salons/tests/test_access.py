"""The walls themselves: which rows, salons and rights a person has, asked directly, without any page in between."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.core.exceptions import SuspiciousOperation

from apps.accounts.models import User
from apps.accounts.roles import PERMISSIONS, PlatformRole, SalonRole
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory, UserFactory
from apps.common import scope
from apps.common.reader import SEE_PHONES
from apps.salons import access
from apps.salons.models import Customer, Salon, Service, Staff, TimeOff
from apps.salons.tests.factories import (
    CustomerFactory,
    MembershipFactory,
    SalonFactory,
    StaffFactory,
    TimeOffFactory,
)

pytestmark = pytest.mark.django_db
VIEW_CUSTOMER, CHANGE_SALON, VIEW_TIME_OFF = "salons.view_customer", "salons.change_salon", "salons.view_timeoff"


@pytest.fixture
def salon():
    return SalonFactory()


@pytest.fixture
def other():
    return SalonFactory()


def person_in(salon, role=SalonRole.MANAGER, **membership):
    return fresh(MembershipFactory(salon=salon, role=role, **membership).user)


def fresh(user):
    """As the next request knows them: nothing is remembered."""
    return User.objects.get(pk=user.pk)


def closed(salon):
    Salon.objects.filter(pk=salon.pk).update(is_active=False)


def nobody():
    """Everybody who has no right at all, whatever they once were."""
    dismissed = OwnerFactory(is_active=False)
    manager = MembershipFactory(role=SalonRole.MANAGER).user
    User.objects.filter(pk=manager.pk).update(is_active=False)
    return [AnonymousUser(), dismissed, fresh(manager)]


# --- Rights ---


def test_the_owner_may_everything_everywhere(salon):
    owner = OwnerFactory()

    assert owner.has_perm("salons.anything_at_all", salon)
    assert access.reaches_all_salons(owner, VIEW_CUSTOMER)
    assert access.has_role(owner)


def test_a_role_of_the_platform_counts_in_all_salons_for_what_it_holds(salon):
    auditor = PlatformUserFactory(role=PlatformRole.AUDITOR)

    assert access.reaches_all_salons(auditor, VIEW_CUSTOMER)
    assert auditor.has_perm(VIEW_CUSTOMER, CustomerFactory(salon=salon))
    assert not access.reaches_all_salons(auditor, CHANGE_SALON)
    assert not auditor.has_perm(CHANGE_SALON, salon)
    assert access.salon_ids(auditor, VIEW_CUSTOMER) == []
    assert auditor.get_all_permissions() == PERMISSIONS[PlatformRole.AUDITOR]


def test_a_role_of_a_salon_counts_there_and_nowhere_else(salon, other):
    manager = person_in(salon)

    assert manager.has_perm(CHANGE_SALON)
    assert manager.has_perm(CHANGE_SALON, salon)
    assert manager.has_perm(VIEW_CUSTOMER, CustomerFactory(salon=salon))
    assert not manager.has_perm(CHANGE_SALON, other)
    assert not manager.has_perm(VIEW_CUSTOMER, CustomerFactory(salon=other))
    assert not access.reaches_all_salons(manager, CHANGE_SALON)
    assert access.salon_ids(manager, CHANGE_SALON) == [salon.pk]
    assert manager.get_all_permissions() == PERMISSIONS[SalonRole.MANAGER]


def test_who_is_manager_here_and_at_the_desk_there_is_just_that(salon, other):
    person = person_in(salon)
    MembershipFactory(user=person, salon=other, role=SalonRole.RECEPTIONIST)

    assert access.salon_ids(person, CHANGE_SALON) == [salon.pk]
    assert sorted(access.salon_ids(person, VIEW_CUSTOMER)) == [salon.pk, other.pk]
    assert person.has_perm(CHANGE_SALON, salon)
    assert not person.has_perm(CHANGE_SALON, other)
    assert person.get_all_permissions() == PERMISSIONS[SalonRole.MANAGER] | PERMISSIONS[SalonRole.RECEPTIONIST]


def test_nobody_has_a_right_who_is_not_signed_in_or_was_dismissed(salon):
    card = CustomerFactory(salon=salon)

    for person in nobody():
        assert not access.reaches_all_salons(person, VIEW_CUSTOMER)
        assert access.salon_ids(person, VIEW_CUSTOMER) == []
        assert not access.RoleBackend().has_perm(person, VIEW_CUSTOMER)
        assert not access.RoleBackend().has_perm(person, VIEW_CUSTOMER, card)
        assert access.RoleBackend().get_all_permissions(person) == set()
        assert not access.RoleBackend().has_module_perms(person, "salons")
        assert list(access.visible_rows(Customer.objects.all(), person)) == []


def test_a_membership_that_ended_or_a_salon_that_closed_gives_nothing(salon, other):
    dismissed, of_a_closed_salon = person_in(salon, is_active=False), person_in(other)
    closed(other)

    for person in (dismissed, of_a_closed_salon):
        assert not person.has_perm(VIEW_CUSTOMER)
        assert access.salon_ids(person, VIEW_CUSTOMER) == []
        assert person.get_all_permissions() == set()


def test_neither_a_group_called_like_a_role_of_a_salon_nor_a_permission_of_django_gives_anything(salon):
    person = UserFactory()
    person.groups.add(Group.objects.get_or_create(name=SalonRole.MANAGER)[0])
    person.user_permissions.add(*Permission.objects.all()[:5])
    person = fresh(person)

    assert person.get_all_permissions() == set()
    assert not person.has_perm(VIEW_CUSTOMER)
    assert not access.reaches_all_salons(person, VIEW_CUSTOMER)


def test_an_app_is_open_to_whoever_may_something_in_it(salon):
    stylist = person_in(salon, SalonRole.STYLIST)

    assert stylist.has_module_perms("bookings")
    assert not stylist.has_module_perms("book")
    assert not stylist.has_module_perms("auth")


def test_a_stylist_may_with_own_rows_what_the_role_may(salon):
    stylist, colleague = person_in(salon, SalonRole.STYLIST), StaffFactory(salon=salon)
    own = TimeOffFactory(salon=salon, staff=StaffFactory(salon=salon, user=stylist))
    foreign = TimeOffFactory(salon=salon, staff=colleague)

    assert stylist.has_perm(VIEW_TIME_OFF)
    assert stylist.has_perm(VIEW_TIME_OFF, own)
    assert not stylist.has_perm(VIEW_TIME_OFF, foreign)
    assert not stylist.has_perm(VIEW_CUSTOMER, CustomerFactory(salon=salon))
    assert access.salon_ids(stylist, VIEW_TIME_OFF) == []


def test_who_has_both_roles_in_turn_is_not_limited_to_own_rows(salon):
    stylist = person_in(salon, SalonRole.STYLIST)
    foreign = TimeOffFactory(salon=salon, staff=StaffFactory(salon=salon))
    assert not stylist.has_perm(VIEW_TIME_OFF, foreign)

    stylist.memberships.update(role=SalonRole.MANAGER)
    access.forget_roles(stylist)

    assert stylist.has_perm(VIEW_TIME_OFF, foreign)


def test_roles_are_read_once_until_they_are_forgotten(salon, django_assert_num_queries):
    person = person_in(salon, SalonRole.STYLIST)
    person.has_perm(SEE_PHONES)
    with django_assert_num_queries(0):
        assert not person.has_perm(SEE_PHONES)
        assert not access.reaches_all_salons(person, SEE_PHONES)
    person.memberships.all().delete()
    person.groups.add(Group.objects.get_or_create(name=PlatformRole.AUDITOR)[0])
    Salon.objects.filter(pk=salon.pk).update(stylists_see_phones=True)
    assert person.has_perm(VIEW_TIME_OFF)

    access.forget_roles(person)

    assert access.reaches_all_salons(person, VIEW_CUSTOMER)
    assert person.get_all_permissions() == PERMISSIONS[PlatformRole.AUDITOR]
    access.forget_roles(person)
    access.forget_roles(person)


def test_whose_phones_a_stylist_sees_is_forgotten_with_the_roles(salon):
    stylist = person_in(salon, SalonRole.STYLIST)
    assert not stylist.has_perm(SEE_PHONES)
    Salon.objects.filter(pk=salon.pk).update(stylists_see_phones=True)
    assert not stylist.has_perm(SEE_PHONES)

    access.forget_roles(stylist)

    assert stylist.has_perm(SEE_PHONES)


# --- Who works here ---


def test_who_works_here(salon):
    booked = StaffFactory(salon=salon, user=UserFactory()).user

    assert access.has_role(OwnerFactory())
    assert access.has_role(PlatformUserFactory())
    assert access.has_role(person_in(salon))
    assert access.has_role(booked)


def test_who_worked_here_once_or_only_books_has_no_role(salon):
    gone = StaffFactory(salon=salon, user=UserFactory(), is_active=False).user

    assert not access.has_role(UserFactory())
    assert not access.has_role(person_in(salon, is_active=False))
    assert not access.has_role(gone)


# --- Phones ---


def test_phones_are_shown_where_the_role_or_the_salon_says_so(salon, other):
    Salon.objects.filter(pk=salon.pk).update(stylists_see_phones=True)
    here, there = CustomerFactory(salon=salon), CustomerFactory(salon=other)
    trusted, stylist, manager = (
        person_in(salon, SalonRole.STYLIST),
        person_in(other, SalonRole.STYLIST),
        person_in(other),
    )

    def seen(person):
        return set(Customer.objects.filter(access.showing_phones_to(person)))

    assert seen(OwnerFactory()) == {here, there}
    assert (seen(trusted), seen(stylist), seen(manager)) == ({here}, set(), {there})
    assert set(Salon.objects.filter(access.showing_phones_to(trusted, salon="pk"))) == {salon}
    assert (trusted.has_perm(SEE_PHONES), trusted.has_perm(SEE_PHONES, here)) == (True, True)
    assert (trusted.has_perm(SEE_PHONES, there), stylist.has_perm(SEE_PHONES)) == (False, False)
    assert not trusted.has_perm(VIEW_CUSTOMER, here)


@pytest.mark.parametrize("ended", ["membership", "salon", "role"])
def test_a_salon_that_shows_its_stylists_phones_shows_nobody_else_any(salon, ended):
    Salon.objects.filter(pk=salon.pk).update(stylists_see_phones=True, is_active=ended != "salon")
    CustomerFactory(salon=salon)
    person = person_in(
        salon,
        SalonRole.RECEPTIONIST if ended == "role" else SalonRole.STYLIST,
        is_active=ended != "membership",
    )

    assert access._salons_sharing_phones(person) == set()
    assert person.has_perm(SEE_PHONES) is (ended == "role")


# --- Rows ---


def test_rows_are_those_of_the_salons_whose_role_may_view_them(salon, other):
    here, there = CustomerFactory(salon=salon), CustomerFactory(salon=other)
    rows = Customer.objects.all()

    assert set(access.visible_rows(rows, OwnerFactory())) == {here, there}
    assert set(access.visible_rows(rows, PlatformUserFactory(role=PlatformRole.AUDITOR))) == {here, there}
    assert set(access.visible_rows(rows, person_in(salon))) == {here}
    assert set(access.visible_rows(rows, person_in(salon, SalonRole.STYLIST))) == set()
    assert set(access.visible_rows(rows, UserFactory())) == set()
    assert set(access.visible_rows(Salon.objects.all(), person_in(salon), salon="pk")) == {salon}


def test_a_stylist_sees_own_rows_of_the_own_salon_only(salon, other):
    stylist = person_in(salon, SalonRole.STYLIST)
    own = TimeOffFactory(salon=salon, staff=StaffFactory(salon=salon, user=stylist))
    TimeOffFactory(salon=salon, staff=StaffFactory(salon=salon))
    TimeOffFactory(salon=other, staff=StaffFactory(salon=other, user=stylist))
    rows = TimeOff.objects.all()

    assert list(access.visible_rows(rows, stylist, own="staff__user")) == [own]
    assert list(access.visible_rows(rows, stylist)) == []


def test_a_stylist_who_was_dismissed_sees_no_row_of_their_own_any_more(salon):
    stylist = person_in(salon, SalonRole.STYLIST)
    TimeOffFactory(salon=salon, staff=StaffFactory(salon=salon, user=stylist))
    User.objects.filter(pk=stylist.pk).update(is_active=False)

    assert list(access.visible_rows(TimeOff.objects.all(), fresh(stylist), own="staff__user")) == []


# --- Signing in ---


def test_the_backend_knows_a_person_by_any_spelling_of_the_phone():
    person = UserFactory(phone="+966551234567")
    person.set_password("a long secret")
    person.save()
    backend = access.RoleBackend()

    assert backend.authenticate(None, username="055 123 4567", password="a long secret") == person
    assert backend.authenticate(None, username="0551234567", password="another") is None
    assert backend.authenticate(None, username="no phone", password="a long secret") is None
    assert backend.authenticate(None) is None


# --- What a request reaches ---


def request_of(user):
    return SimpleNamespace(user=user)


def test_a_model_of_django_is_seen_whole_or_not_at_all(salon):
    Group.objects.get_or_create(name="readers")

    assert set(scope.visible_rows(Group, OwnerFactory())) == set(Group.objects.all())
    assert set(scope.visible_rows(Group, person_in(salon))) == set()
    assert set(scope.visible_rows(Staff, person_in(salon))) == set(Staff.objects.filter(salon=salon))


def test_the_salons_of_a_request_are_read_once(salon, other, django_assert_num_queries):
    request = request_of(person_in(salon))

    assert scope.visible_salons(request, Salon) == [salon]
    with django_assert_num_queries(0):
        assert scope.visible_salons(request, Salon) == [salon]


def test_salons_in_which_a_person_may_do_something(salon, other):
    person = person_in(salon)
    MembershipFactory(user=person, salon=other, role=SalonRole.RECEPTIONIST)

    assert set(scope.salons_allowing(request_of(person), Service, "view")) == {salon, other}
    assert scope.salons_allowing(request_of(person), Service, "change") == [salon]
    assert scope.salons_allowing(request_of(UserFactory()), Service, "view") == []


def test_whose_salon_a_row_is(salon):
    assert scope.salon_model(Customer) is Salon
    assert scope.salon_model(User) is None
    assert scope.salon_id_of(CustomerFactory(salon=salon), Salon) == salon.pk
    assert scope.salon_id_of(salon, Salon) == salon.pk
    assert scope.salon_id_of(UserFactory(), Salon) is None
    assert scope.salon_id_of(None, Salon) is None


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("x", "A selected key is not one of this table."),
        (str(2**63), "A selected key is larger than any of this table."),
        (str(-(2**63)), "A selected key is larger than any of this table."),
    ],
)
def test_a_key_that_is_none_is_refused_before_the_database_sees_it(key, told):
    with pytest.raises(SuspiciousOperation) as refused:
        scope.ensure_keys(Customer, ["1", key])

    assert str(refused.value) == told


def test_the_largest_key_there_can_be_is_one():
    scope.ensure_keys(Customer, [str(2**63 - 1), str(-(2**63) + 1), "7"])
