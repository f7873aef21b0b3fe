from django import forms
from django.contrib import admin, messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.accounts.models import User
from apps.common.admin.dialogs import attempt, page_of, refused
from apps.common.admin.displays import left_to_right, phone_column, show_phone, show_time, time_column, two_lines
from apps.common.admin.filters import BooleanRadioFilter, ChoicesDropdownFilter, RangeDateFilter, ScopedRelatedFilter
from apps.common.admin.forms import ScopedModelForm
from apps.common.admin.transfer import ExportableModelAdmin
from apps.common.errors import DomainError
from apps.common.fields import PhoneFormField
from apps.common.name_keys import NameKey
from apps.common.reader import called
from apps.salons import services
from apps.salons.admin.imports import ListImportAdmin
from apps.salons.admin.merging import MergeDialog
from apps.salons.exports import ReviewExport
from apps.salons.imports.resources import CustomerResource
from apps.salons.models import Customer, Review


class NewCustomerForm(ScopedModelForm):
    """A card is opened by phone: whoever has that phone is the customer, and nobody browses all people for it."""

    phone = PhoneFormField(label=_("phone"), max_length=40, widget=UnfoldAdminTextInputWidget())
    name = forms.CharField(
        label=_("name"),
        max_length=160,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("Used when this person is new here. A person known already keeps their name."),
    )

    def clean(self):
        cleaned = super().clean()
        salon = cleaned.get("salon") or self.default_salon
        person = User.objects.filter(phone=cleaned.get("phone", "")).first()
        if salon and person:
            try:
                services.ensure_no_card(salon, person)
            except DomainError as error:
                self.add_error("phone", forms.ValidationError(str(error), code=error.code))
        return cleaned


@admin.register(Customer)
class CustomerAdmin(ListImportAdmin):
    resource_classes = [CustomerResource]
    empty_text = _("Everybody who books will stand here. You can also add customers by phone.")
    list_display = ["display_customer", "display_phone", "salon", "is_blocked", "display_since"]
    list_filter = [
        ("salon", ScopedRelatedFilter),
        ("is_blocked", BooleanRadioFilter),
        ("created_at", RangeDateFilter),
    ]
    list_select_related = ["salon", "user"]
    search_fields = ["user__name", "user__phone"]
    search_help_text = _("Search by name or phone")
    readonly_fields = ["display_customer", "display_phone", "display_since", "display_merges"]
    add_fieldsets = [(None, {"fields": [("phone", "name"), "notes", "is_blocked"]})]
    fieldsets = [
        (None, {"fields": [("display_customer", "display_phone"), "notes", "is_blocked", "display_since"]}),
    ]
    actions_detail = ["merge_action"]

    display_phone = phone_column("user.phone", _("phone"))
    display_since = time_column("created_at", _("customer since"))

    @admin.display(description=_("customer"), ordering=NameKey("user__name"))
    def display_customer(self, customer):
        return two_lines(customer.user if customer.user.erased_at else customer.user.name or _("(no name yet)"))

    @admin.display(description=_("merged cards"))
    def display_merges(self, customer):
        """Whose cards became part of this one, when, by whom and why, and which visits came with them."""
        rows = customer.merges.select_related("person", "actor")
        return format_html_join(
            "",
            '<p class="mb-2"><bdi>{}</bdi> {} · {} · <bdi>{}</bdi> · <bdi>{}</bdi>{}</p>',
            (
                (
                    merge.person,
                    show_phone(merge.person.phone, customer),
                    show_time(merge.merged_at, customer.salon.timezone),
                    called(merge.actor, customer),
                    merge.reason,
                    format_html_join("", " · {}", ((left_to_right(reference),) for reference in merge.bookings)),
                )
                for merge in rows
            ),
        )

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not obj.merges.exists():
            return fieldsets
        return [*fieldsets, (None, {"fields": ["display_merges"]})]

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not (obj and obj.user.erased_at)

    def has_merge_customer_permission(self, request, object_id=None):
        if object_id is None:
            return self.may(request, "merge")
        card = self.row(request, object_id)
        return card is not None and not card.user.erased_at and self.may(request, "merge", card)

    @action(
        description=_("Merge into another card"),
        url_path="merge",
        icon="merge",
        permissions=["merge_customer"],
        dialog={
            "title": _("Merge into another card"),
            "description": _("For a customer who is here twice. This card goes, the other one stays."),
            "form_class": MergeDialog,
            "form_submit_text": _("Merge"),
        },
    )
    def merge_action(self, request, form, object_id):
        into = form.cleaned_data["into"]
        merge = {"card_id": form.card.pk, "into_id": into.pk, "reason": form.cleaned_data["reason"]}
        if refusal := attempt(lambda: services.merge_customers(actor=request.user, **merge)):
            return refused(request, refusal, page_of(request))
        messages.success(request, _("The cards were merged. This is the one that stays."))
        return HttpResponse(headers={"HX-Redirect": reverse("admin:salons_customer_change", args=[into.pk])})

    def get_form(self, request, obj=None, **kwargs):
        return super().get_form(request, obj, **({} if obj else {"form": NewCustomerForm}) | kwargs)

    def save_model(self, request, obj, form, change):
        if change:
            if form.has_changed():
                services.change_customer_card(obj, actor=request.user)
            return
        card = services.open_customer_card(
            actor=request.user,
            salon=obj.salon,
            phone=form.cleaned_data["phone"],
            name=form.cleaned_data["name"],
            notes=obj.notes,
            is_blocked=obj.is_blocked,
        )
        obj.__dict__.update(card.__dict__)


@admin.register(Review)
class ReviewAdmin(ExportableModelAdmin):
    """What customers said. The salon decides whether it is shown, never what it says."""

    resource_classes = [ReviewExport]
    allowed_verbs = ("view", "change")
    empty_text = _("What customers say after a visit will stand here.")
    list_display = ["display_review", "salon", "customer", "service", "staff", "is_published", "display_written_at"]
    list_filter = [
        ("salon", ScopedRelatedFilter),
        ("rating", ChoicesDropdownFilter),
        ("is_published", BooleanRadioFilter),
        ("staff", ScopedRelatedFilter),
        ("created_at", RangeDateFilter),
    ]
    list_select_related = ["salon", "customer__user", "service", "staff"]
    search_fields = ["comment", "customer__user__name", "customer__user__phone", "service__search_text"]
    search_help_text = _("Search by comment, customer, phone or service")
    readonly_fields = ["customer", "service", "staff", "display_rating", "comment", "display_written_at"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "is_published",
                    ("display_rating", "customer"),
                    ("service", "staff"),
                    "comment",
                    "display_written_at",
                ]
            },
        )
    ]

    display_written_at = time_column("created_at", _("written at"))

    @admin.display(description=_("review"), ordering="rating")
    def display_review(self, review):
        return two_lines(review, review.comment[:80])

    @admin.display(description=_("rating"))
    def display_rating(self, review):
        return str(review)
