"""What a role may do in the admin is what the policy table says: generated over role × model × page."""

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.checks import run_checks
from django.test import RequestFactory
from django.urls import reverse
from unfold.decorators import action

from apps.accounts.models import User
from apps.accounts.roles import PERMISSIONS, POLICY, PlatformRole, SalonRole
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory, UserFactory
from apps.common.admin.base import BaseModelAdmin
from apps.common.admin.transfer import ExportableModelAdmin, ImportableModelAdmin
from apps.payments.models import TaxSequence
from apps.salons.models import Customer, Membership, Salon, ServiceCategory
from apps.salons.tests.factories import MembershipFactory, SalonFactory, ServiceCategoryFactory
from project.admin_site.navigation import GROUPS, sidebar
from project.tests.two_salons import every_row, member, shown_models

pytestmark = pytest.mark.django_db
ROLES = [*SalonRole.values, *PlatformRole.values]


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def somebody_with(role, salon):
    return member(salon, role) if role in SalonRole.values else PlatformUserFactory(role=role)


def granted(role, verb, model):
    return f"{model._meta.app_label}.{verb}_{model._meta.model_name}" in PERMISSIONS[role]


def opened(client, address):
    """Whether the page opened; every other answer must be a plain refusal."""
    status = client.get(address).status_code
    assert status in {200, 403, 404}, (address, status)
    return status == 200


@pytest.mark.parametrize("role", ROLES)
def test_pages_open_for_a_role_exactly_as_the_policy_table_says(client, role):
    rows = every_row()
    client.force_login(somebody_with(role, rows[Salon]))

    for model in shown_models():
        model_admin = admin.site.get_model_admin(model)
        assert opened(client, url(model, "changelist")) == granted(role, "view", model), model
        adds = granted(role, "add", model) and "add" in model_admin.allowed_verbs
        assert opened(client, url(model, "add")) == adds, model
        if isinstance(model_admin, ExportableModelAdmin):
            assert opened(client, url(model, "export")) == granted(role, "export", model), model
        if isinstance(model_admin, ImportableModelAdmin):
            assert opened(client, url(model, "import")) == granted(role, "import", model), model


@pytest.mark.parametrize("role", ROLES)
def test_a_role_changes_nothing_that_the_policy_table_does_not_grant(client, role):
    rows = every_row()
    client.force_login(somebody_with(role, rows[Salon]))

    for model in shown_models():
        row = rows[model]
        verbs = admin.site.get_model_admin(model).allowed_verbs
        if not (granted(role, "change", model) and "change" in verbs):
            assert client.post(url(model, "change", row.pk), {"name_en": "x"}).status_code in {302, 403}, model
        if not (granted(role, "delete", model) and "delete" in verbs):
            assert client.post(url(model, "delete", row.pk), {"post": "yes"}).status_code in {302, 403}, model
        selected = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
        if not (granted(role, "delete", model) and "delete" in verbs):
            client.post(url(model, "changelist"), selected)
        assert type(row)._base_manager.filter(pk=row.pk).exists(), model
    assert not LogEntry.objects.exists()


def test_every_right_of_the_table_has_a_page_and_every_page_a_right():
    shown = {model._meta.label_lower for model in shown_models()}
    # Rows that are looked at inside the page of another row only.
    inside = {
        one.model._meta.label_lower for model in shown_models() for one in admin.site.get_model_admin(model).inlines
    }
    ours = {m._meta.label_lower for m in shown_models() if m.__module__.startswith("apps.")}
    rights = {
        ".".join((permission.split(".")[0], permission.rsplit("_", 1)[1]))
        for permissions in PERMISSIONS.values()
        for permission in permissions
    } - {"accounts.backoffice"}

    assert rights - shown - inside == set(), "POLICY names them, and no page is registered in `admin`"
    assert ours <= rights


def test_the_auditor_views_every_page_and_changes_nothing():
    verbs = {verb for rights in POLICY[PlatformRole.AUDITOR].values() for verb in rights.split()}

    hidden = [model for model in shown_models() if not granted(PlatformRole.AUDITOR, "view", model)]

    assert hidden == [], "`view` in POLICY (apps/accounts/roles.py)"
    assert verbs == {"enter", "view", "export", "audit", "contact"}


def test_only_what_some_role_may_delete_can_be_deleted_even_by_the_owner():
    deletable = {model for model in shown_models() if "delete" in admin.site.get_model_admin(model).allowed_verbs}

    may_be_deleted = {model for model in shown_models() if any(granted(role, "delete", model) for role in ROLES)}
    assert deletable ^ may_be_deleted == set(), "`delete` is in POLICY or in `allowed_verbs`, not in both"


@pytest.mark.parametrize(("verb", "door"), [("export", ExportableModelAdmin), ("import", ImportableModelAdmin)])
def test_only_a_list_with_that_door_is_exported_or_imported_by_some_role(verb, door):
    offered = {model for model in shown_models() if isinstance(admin.site.get_model_admin(model), door)}
    may_be = {model for model in shown_models() if any(granted(role, verb, model) for role in ROLES)}

    assert offered ^ may_be == set(), f"`{verb}` stands in POLICY without {door.__name__}, or the other way round"


def test_somebody_without_a_role_gets_no_page_at_all(client):
    client.force_login(UserFactory())

    for model in shown_models():
        for page in ("changelist", "add"):
            assert client.get(url(model, page)).status_code == 302
        if isinstance(admin.site.get_model_admin(model), ExportableModelAdmin):
            assert client.post(url(model, "export"), {"format": 1}).status_code == 302


def test_a_manager_here_is_a_receptionist_there(client):
    here, there = SalonFactory(), SalonFactory()
    person = member(here, SalonRole.MANAGER)
    MembershipFactory(user=person, salon=there, role=SalonRole.RECEPTIONIST)
    category = ServiceCategoryFactory(salon=there, name_en="Theirs")
    client.force_login(person)

    seen = client.get(url(ServiceCategory, "change", category.pk))
    changed = client.post(url(ServiceCategory, "change", category.pk), {"name_en": "Mine", "position": 0})
    deleted = client.post(
        url(ServiceCategory, "changelist"),
        {"action": "delete_selected", "_selected_action": category.pk, "post": "yes"},
    )
    exported = client.post(url(Customer, "export"), {"format": 1, "resource": "0"})

    category.refresh_from_db()
    assert (seen.status_code, changed.status_code, deleted.status_code) == (200, 403, 403)
    assert category.name_en == "Theirs"
    assert str(there) not in exported.content.decode()


def test_managers_give_no_roles_and_raise_no_limit_of_their_own(client):
    salon = SalonFactory(refund_limit=500)
    person = member(salon)
    client.force_login(person)
    form = {
        "name_ar": salon.name_ar,
        "name_en": salon.name_en,
        "audience": "women",
        "city": "jeddah",
        "confirmation": "automatic",
        "deposit_percent": 100,
        "hold_minutes": 15,
        "slot_step_minutes": 15,
        "lead_time_minutes": 60,
        "horizon_days": 60,
        "max_active_bookings": 10,
        "free_cancellation_hours": 24,
        "late_cancellation_percent": 50,
        "no_show_grace_minutes": 15,
        "prepay_after_no_shows": 3,
        "prayer_pause": "none",
        "prayer_minutes_before": 0,
        "prayer_minutes_after": 25,
        "friday_prayer_minutes_after": 60,
        "refund_limit": "90000",
    }

    saved = client.post(url(Salon, "change", salon.pk), form)
    role = client.post(url(Membership, "change", person.memberships.get().pk), {"role": "manager"})
    given = client.post(url(Membership, "add"), {"salon": salon.pk, "user": person.pk, "role": "manager"})

    salon.refresh_from_db()
    assert saved.status_code == 302
    assert (salon.city, salon.refund_limit) == ("jeddah", 500)
    assert (role.status_code, given.status_code) == (403, 403)


def test_only_the_owner_reaches_people_and_their_passwords(client):
    person = UserFactory()
    salon = SalonFactory()
    address = reverse("admin:auth_user_password_change", args=[person.pk])
    form = {"password1": "a-new-long-password", "password2": "a-new-long-password", "usable_password": "true"}
    form["set-password"] = ""

    for role in ROLES:
        client.force_login(somebody_with(role, salon))
        assert client.get(address).status_code in {302, 403, 404}
        assert client.post(address, form).status_code in {302, 403, 404}
    assert not User.objects.get(pk=person.pk).check_password("a-new-long-password")

    client.force_login(OwnerFactory())
    assert client.get(address).status_code == 200
    assert client.post(address, form).status_code == 302
    assert User.objects.get(pk=person.pk).check_password("a-new-long-password")


def test_nobody_locks_themselves_out(client):
    owner = OwnerFactory()
    client.force_login(owner)

    client.post(url(User, "change", owner.pk), {"phone": owner.phone, "name": "Owner", "locale": "en"})

    owner.refresh_from_db()
    assert (owner.name, owner.is_active, owner.is_superuser) == ("Owner", True, True)


def test_the_sidebar_lists_every_page_once_and_only_what_a_person_may_view():
    entries = [label for _title, items in GROUPS for label, _icon in items]
    request = RequestFactory().get("/admin/")

    assert len(entries) == len(set(entries))
    without_entry = {model._meta.label_lower for model in shown_models()} ^ set(entries)
    assert without_entry == set(), "GROUPS (project/admin_site/navigation.py) and the pages there are differ"
    request.user = member(SalonFactory(), SalonRole.STYLIST)
    shown = [item["link"] for group in sidebar(request) for item in group["items"]]
    assert shown == [
        reverse("admin:bookings_booking_calendar"),
        reverse("admin:index"),
        reverse("admin:bookings_booking_changelist"),
        reverse("admin:salons_staff_changelist"),
        reverse("admin:salons_weeklyhours_changelist"),
        reverse("admin:salons_timeoff_changelist"),
    ]


def test_no_registered_admin_opens_a_wall():
    assert [message for message in run_checks() if message.id.startswith("common.")] == []


def test_an_admin_without_our_base_does_not_pass_the_check():
    class Forgotten(admin.ModelAdmin):
        list_filter = ["salon"]

    class Careless(type(admin.site.get_model_admin(Customer))):
        list_filter = ["salon"]
        list_editable = ["is_blocked"]
        resource_classes = []

    site = admin.AdminSite(name="elsewhere")
    site._registry[Customer] = Forgotten(Customer, site)
    found = {message.id for message in run_checks()}
    site._registry[Customer] = Careless(Customer, site)
    found_more = {message.id for message in run_checks()}

    assert "common.E002" in found
    assert {"common.E004", "common.E006", "common.E010"} <= found_more


def test_a_page_of_rows_that_know_no_reader_does_not_pass_the_check():
    site = admin.AdminSite(name="elsewhere")
    site._registry[TaxSequence] = BaseModelAdmin(TaxSequence, site)

    assert [message.msg for message in run_checks() if message.id == "common.E013"] == [
        "BaseModelAdmin shows rows of every salon: TaxSequence has no `visible_to`, which SalonOwned brings."
    ]


def test_an_action_without_a_gate_does_not_pass_the_check():
    class Careless(type(admin.site.get_model_admin(Customer))):
        actions_detail = ["open_action", "hide_action"]

        @action(description="Open")
        def open_action(self, request, object_id):
            """Nothing is asked."""

        @action(description="Hide", permissions=["hide_customer"])
        def hide_action(self, request, object_id):
            """The gate was forgotten."""

    site = admin.AdminSite(name="elsewhere")
    site._registry[Customer] = Careless(Customer, site)

    assert sorted(message.msg for message in run_checks() if message.id == "common.E008") == [
        "Careless has the action hide_action and no method has_hide_customer_permission.",
        "Careless has the action open_action without a gate of its own (`has_…_permission`).",
    ]
