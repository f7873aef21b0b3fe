from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import AdminPasswordChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.accounts import reasons, services
from apps.accounts.errors import PersonErased
from apps.accounts.forms import SavesThePasswordAlone
from apps.accounts.models import Consent, User
from apps.accounts.resources import UserExport
from apps.accounts.roles import PlatformRole
from apps.accounts.selectors import has_second_factor
from apps.accounts.sessions import end_sessions, proven_at
from apps.common.admin.base import BaseModelAdmin
from apps.common.admin.dialogs import ReasonDialog, proof_page, run_use_case
from apps.common.admin.displays import EMPTY, phone_column, show_time, time_column, two_lines
from apps.common.admin.filters import BooleanRadioFilter, ChoicesDropdownFilter, RangeDateFilter, ScopedRelatedFilter
from apps.common.admin.forms import ScopedModelForm
from apps.common.admin.transfer import ExportableModelAdmin
from apps.common.errors import ProofNeeded
from apps.common.name_keys import NameKey

OWNER = _("owner of the platform")
# Who may sign in and what they may do then: changed only by somebody who just proved who they are.
RIGHTS = {"phone", "is_active", "is_superuser", "groups"}


def role_name(group):
    """What a group is called; groups carry the code of a platform role."""
    return dict(PlatformRole.choices).get(group.name, group.name)


class RoleFilter(ScopedRelatedFilter):
    def field_choices(self, field, request, model_admin):
        names = dict(PlatformRole.choices)
        return [(key, names.get(name, name)) for key, name in super().field_choices(field, request, model_admin)]


class NewUserForm(UserCreationForm):
    """A person with or without a password; without one they sign in by code and never enter the back office."""

    class Meta:
        model = User
        fields = ("phone", "name", "locale")


class NewPasswordForm(SavesThePasswordAlone, AdminPasswordChangeForm):
    """A password given by the owner."""


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ExportableModelAdmin):
    """Everybody on the platform. Only its owner changes people, passwords and rights; a salon works with cards."""

    resource_classes = [UserExport]
    form = ScopedModelForm
    add_form = NewUserForm
    change_password_form = NewPasswordForm
    ordering = ("phone",)
    list_display = ["display_person", "display_phone", "locale", "display_owner", "is_active", "display_since"]
    list_filter = [
        ("is_active", BooleanRadioFilter),
        ("is_superuser", BooleanRadioFilter),
        ("groups", RoleFilter),
        ("locale", ChoicesDropdownFilter),
        ("created_at", RangeDateFilter),
    ]
    search_fields = ["name", "phone"]
    search_help_text = _("Search by name or phone")
    filter_horizontal = []
    readonly_fields = [
        "display_person",
        "display_erased_at",
        "display_owner",
        "display_password",
        "display_second_factor",
        "display_consents",
        "display_since",
        "display_last_login",
    ]
    actions_detail = ["sign_out_action", "reset_second_factor_action"]
    add_fieldsets = [
        (None, {"fields": [("phone", "name"), "locale", "usable_password", ("password1", "password2")]}),
    ]
    fieldsets = [
        (
            None,
            {"fields": [("phone", "name"), ("locale", "marketing_consent"), ("display_since", "display_last_login")]},
        ),
        (_("Consents"), {"classes": ["tab"], "fields": ["display_consents"]}),
        (
            _("Rights"),
            {
                "classes": ["tab"],
                "fields": [("is_active", "is_superuser"), "groups", ("display_password", "display_second_factor")],
            },
        ),
    ]

    display_phone = phone_column("phone", _("phone"))
    display_since = time_column("created_at", _("known since"), zone=None)
    display_erased_at = time_column("erased_at", zone=None)
    display_last_login = time_column("last_login", _("last sign-in"), zone=None)

    @admin.display(description=_("person"), ordering=NameKey("name"))
    def display_person(self, person):
        return two_lines(person if person.erased_at else person.name or _("(no name yet)"))

    @admin.display(description=OWNER, ordering="is_superuser", boolean=True)
    def display_owner(self, person):
        return person.is_superuser

    @admin.display(description=_("consents"))
    def display_consents(self, person):
        """What the person said about promotional messages and where, the newest first."""
        rows = [
            (
                consent,
                _("Yes") if consent.is_granted else _("No"),
                consent.get_source_display(),
                show_time(consent.given_at),
            )
            for consent in person.consents.all()
        ]
        return format_html_join("", '<bdi class="block">{}: {} · {} · {}</bdi>', rows) or EMPTY

    @admin.display(description=_("password"))
    def display_password(self, person):
        state = _("set") if person.has_usable_password() else _("none, signs in by code")
        url = reverse("admin:auth_user_password_change", args=[person.pk])
        markup = '{} · <a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>'
        return format_html(markup, state, url, _("Change the password"))

    @admin.display(description=_("two-step sign-in"))
    def display_second_factor(self, person):
        return _("set up") if has_second_factor(person) else _("not set up")

    def described(self, record, row):
        described = super().described(record, row)
        described.display["reason"] = reasons.explain(described.display["reason"])
        return described

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "is_superuser":
            field.label, field.help_text = OWNER, _("May do everything in every salon.")
        if db_field.name == "groups":
            field.label, field.help_text = _("roles in all salons"), ""
            field.widget = UnfoldAdminCheckboxSelectMultipleWidget(choices=field.choices)
            field.label_from_instance = role_name
        return field

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not (obj and obj.erased_at)

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None and obj.erased_at:
            remains = {"fields": ["display_person", ("display_since", "display_erased_at"), "display_consents"]}
            return [(None, remains)]
        if obj is None or obj != request.user:
            return fieldsets
        # Nobody locks themselves out, and there is always one owner left.
        rights = {
            "classes": ["tab"],
            "fields": ["display_owner", "groups", ("display_password", "display_second_factor")],
        }
        *others, (title, _options) = fieldsets
        return [*others, (title, rights)]

    # --- What takes a fresh proof, and dialogs ---

    def save_model(self, request, obj, form, change):
        if RIGHTS.intersection(form.changed_data):
            services.ensure_proven(proven_at(request))
        if change:
            _take_over_what_changed_meanwhile(obj, form.changed_data)
        super().save_model(request, obj, form, change)
        if change and "phone" in form.changed_data:
            services.phone_changed(user=obj, old_phone=form.initial["phone"])
            if obj != request.user:
                end_sessions(obj)
        if change and not obj.is_active:
            services.end_everything(obj)
        if "marketing_consent" in form.changed_data:
            said = {"is_granted": obj.marketing_consent, "source": Consent.Source.DESK, "actor": request.user}
            services.record_consent(obj, **said)

    def user_change_password(self, request, id, form_url=""):  # noqa: A002 - Django's signature
        try:
            services.ensure_proven(proven_at(request))
        except ProofNeeded:
            return HttpResponseRedirect(proof_page(request.get_full_path()))
        return super().user_change_password(request, id, form_url)

    def _may_end_sign_ins(self, request, object_id):
        person = self.row(request, object_id)
        # One's own stand on the page of one's account.
        return person is not None and person != request.user and self.may(request, "change", person)

    def has_sign_out_permission(self, request, object_id=None):
        return self._may_end_sign_ins(request, object_id)

    def has_reset_second_factor_permission(self, request, object_id=None):
        return self._may_end_sign_ins(request, object_id) and has_second_factor(self.row(request, object_id))

    @action(
        description=_("Sign out everywhere"),
        url_path="sign-out",
        icon="logout",
        permissions=["sign_out"],
        dialog={
            "title": _("Sign this person out everywhere?"),
            "description": _("Every session of the back office and every phone app they are signed in with ends now."),
            "form_class": ReasonDialog,
            "form_submit_text": _("Sign out everywhere"),
        },
    )
    def sign_out_action(self, request, form, object_id):
        return run_use_case(
            request,
            lambda: services.sign_out_everywhere(
                actor=request.user, user_id=object_id, reason=form.cleaned_data["reason"]
            ),
            _("This person was signed out everywhere."),
        )

    @action(
        description=_("Reset two-step sign-in"),
        url_path="reset-second-factor",
        icon="phonelink_erase",
        variant=ActionVariant.DANGER,
        permissions=["reset_second_factor"],
        dialog={
            "title": _("Reset the two-step sign-in of this person?"),
            "description": _(
                "Their app and recovery codes stop working and they are signed out everywhere. Make sure it is really"
                " them who asks: until they set it up again, their password alone lets somebody in."
            ),
            "form_class": ReasonDialog,
            "form_submit_text": _("Reset"),
        },
    )
    def reset_second_factor_action(self, request, form, object_id):
        return run_use_case(
            request,
            lambda: services.reset_second_factor(
                actor=request.user,
                user_id=object_id,
                reason=form.cleaned_data["reason"],
                proven_at=proven_at(request),
            ),
            _("The two-step sign-in was reset and the person signed out."),
        )


def _take_over_what_changed_meanwhile(person, edited):
    """Lock the row and keep what others stored in it since the form was read, but for the fields that were edited."""
    current = User.objects.select_for_update().get(pk=person.pk)
    if current.erased_at:
        raise PersonErased
    for field in User._meta.concrete_fields:
        if field.name not in edited:
            setattr(person, field.attname, getattr(current, field.attname))


# django-otp's own pages show every secret to whoever may open them.
admin.site.unregister([Group, StaticDevice, TOTPDevice])


@admin.register(Group)
class GroupAdmin(BaseModelAdmin):
    """The roles of the platform. They are given on a person's page; what they may do stands in the policy table."""

    allowed_verbs = ("view",)
    list_display = ["display_name", "display_people"]
    ordering = ["name"]
    fieldsets = [(None, {"fields": ["display_name", "display_people"]})]
    readonly_fields = ["display_name", "display_people"]

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(people=Count("user"))

    def get_object(self, request, object_id, from_field=None):
        """The role under its name in the reader's language, which titles are made of; nothing here stores it."""
        group = super().get_object(request, object_id, from_field)
        if group is not None:
            group.name = str(role_name(group))
        return group

    @admin.display(description=_("role"), ordering="name")
    def display_name(self, group):
        return role_name(group)

    @admin.display(description=_("people"), ordering="people")
    def display_people(self, group):
        return group.people
