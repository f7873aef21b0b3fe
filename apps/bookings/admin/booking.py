"""The desk: bookings as the salon sees them. Every button opens a dialog and calls one use case."""

from functools import partial

from django.contrib import admin, messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.bookings import policies, services
from apps.bookings.admin.calendar import CalendarMixin
from apps.bookings.admin.dialogs import (
    BookingDialog,
    CancelDialog,
    ReassignDialog,
    ServiceDialog,
    StepDialog,
    seen_version,
)
from apps.bookings.admin.forms import DeskBookingForm
from apps.bookings.admin.length import LengthDialog
from apps.bookings.admin.link import PaymentLinkStep
from apps.bookings.admin.moving import MoveDialog
from apps.bookings.admin.page import again, page_context
from apps.bookings.admin.telling import tell_reassigned, warn_of_overlaps
from apps.bookings.admin.times import NOT_FREE
from apps.bookings.admin.why_not import why_not_page
from apps.bookings.models import Booking
from apps.bookings.resources import BookingResource
from apps.common.admin.dialogs import attempt, page_of, run_use_case
from apps.common.admin.displays import (
    EMPTY,
    money_column,
    phone_column,
    reference_column,
    show_phone,
    show_time,
    state_column,
    time_column,
    two_lines,
)
from apps.common.admin.filters import ChoicesDropdownFilter, RangeDateTimeFilter, ScopedRelatedFilter
from apps.common.admin.transfer import ExportableModelAdmin
from apps.common.errors import DomainError
from apps.common.name_keys import NameKey
from apps.common.reader import called
from apps.common.scope import salons_allowing

Status = Booking.Status
STATE_COLOURS = {
    Status.PENDING: "warning",
    Status.CONFIRMED: "info",
    Status.ARRIVED: "primary",
    Status.COMPLETED: "success",
    Status.NO_SHOW: "danger",
    Status.CANCELLED: "default",
    Status.EXPIRED: "default",
}
UNDOABLE = (Status.ARRIVED, Status.COMPLETED, Status.NO_SHOW)
RELATED_LINKS = ("can_add_related", "can_change_related", "can_delete_related", "can_view_related")
OUTSIDE_THE_RULES = (
    _("Outside the rules"),
    {
        "classes": ["collapse"],
        "description": _(
            "With a reason, a staff member who is named above is booked outside hours, notice and start times, in a "
            "break or a buffer, or for a blocked customer; never over another visit."
        ),
        "fields": ["override_reason"],
    },
)


def _dialog(title, form_class, submit, description=""):
    return {"title": title, "description": description, "form_class": form_class, "form_submit_text": submit}


def _tried(use_case):
    """`(refusal,)` of a use case that was refused, `(None, result)` of one that was carried out."""
    results = []
    refusal = attempt(lambda: results.append(use_case()))
    return refusal, *results


def _ask_again(request, form, dialog):
    context = {"dialog": dialog, "form": form, "form_submit_text": dialog["form_submit_text"]}
    return TemplateResponse(request, "unfold/helpers/dialog.html", context)


@admin.register(Booking)
class BookingAdmin(PaymentLinkStep, CalendarMixin, ExportableModelAdmin):
    # A new visit is typed in, afterwards only the use cases change it.
    allowed_verbs = ("view", "add")
    resource_classes = [BookingResource]
    change_form_template = "bookings/admin/booking_page.html"
    add_form_template = "admin/change_form.html"
    list_display = [
        "display_visit",
        "display_customer",
        "display_service",
        "staff",
        "display_state",
        "display_price",
        "display_reference",
        "salon",
    ]
    list_display_links = ["display_visit"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("starts_at", RangeDateTimeFilter),
        ("staff", ScopedRelatedFilter),
        ("salon", ScopedRelatedFilter),
    ]
    list_select_related = ["customer__user", "staff", "salon"]
    search_fields = ["reference"]
    search_help_text = _("Reference, phone in any spelling, customer, guest or service")
    link_lookups = ["customer__id__exact", "service__id__exact", "status__in", "starts_at__gte", "starts_at__lt"]
    empty_text = _("No bookings yet. Customers book online, or you enter a visit with the button above.")
    autocomplete_fields = ["service", "staff"]
    fieldsets = [
        (
            _("Visit"),
            {
                "fields": [
                    ("display_state", "display_reference"),
                    ("customer", "guest_name", "display_phone"),
                    ("display_service", "staff"),
                    ("display_visit", "display_end"),
                    "note",
                ]
            },
        ),
        (
            _("Price and terms"),
            {
                "fields": [
                    ("display_price", "display_vat", "display_prepay"),
                    ("display_free_until", "free_cancellation_hours"),
                    ("late_cancellation_percent", "display_fee"),
                ]
            },
        ),
        (
            _("How it came about"),
            {
                "fields": [
                    ("source", "booked_by", "display_created"),
                    ("display_hold", "cancelled_by"),
                    ("duration_minutes", "buffer_before_minutes", "buffer_after_minutes"),
                    ("override_reason", "version"),
                ]
            },
        ),
    ]
    add_fieldsets = [
        (None, {"fields": [("phone", "name"), "guest_name", ("service", "staff"), "starts_at", "note", "key"]})
    ]
    actions_list = ["why_not_action", "reassign_action"]
    actions_detail = [
        "confirm_action",
        "arrive_action",
        "complete_action",
        "payment_link_action",
        "no_show_action",
        "reschedule_action",
        "service_action",
        "length_action",
        "cancel_action",
        "undo_action",
    ]

    display_visit = time_column("starts_at", _("visit"))
    display_end = time_column("ends_at", _("until"))
    display_hold = time_column("hold_expires_at", _("held until"))
    display_created = time_column("created_at", _("booked at"))
    display_state = state_column("status", STATE_COLOURS)
    display_price = money_column("price_amount")
    display_vat = money_column("vat_amount")
    display_prepay = money_column("prepay_amount")
    display_fee = money_column("cancellation_fee_amount")
    display_reference = reference_column("display_reference", _("reference"))
    display_phone = phone_column("customer.user.phone", _("phone"))

    @admin.display(description=_("customer"), ordering=NameKey("customer__user__name"))
    def display_customer(self, booking):
        person = booking.customer.user
        if booking.guest_name:
            return two_lines(booking.guest_name, _("guest of %(customer)s") % {"customer": called(person, booking)})
        return two_lines(called(person, booking), show_phone(person.phone, booking) if person.name else "")

    @admin.display(description=_("service"))
    def display_service(self, booking):
        return booking.service_name

    @admin.display(description=_("cancelling free until"))
    def display_free_until(self, booking):
        if booking.status not in Booking.MOVABLE:
            return EMPTY
        return show_time(policies.free_until(booking), booking.salon.timezone)

    # --- A new visit ---

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        may_override = obj is None and salons_allowing(request, Booking, "override")
        return [*fieldsets, OUTSIDE_THE_RULES] if may_override else fieldsets

    def get_form(self, request, obj=None, **kwargs):
        if obj is not None:
            return super().get_form(request, obj, **kwargs)
        form = super().get_form(request, obj, **kwargs, form=DeskBookingForm)
        for field in form.base_fields.values():
            # Who types a visit in changes no price list and no team on the way.
            if isinstance(field.widget, RelatedFieldWidgetWrapper):
                vars(field.widget).update(dict.fromkeys(RELATED_LINKS, False))
        form.user, form.refusal = request.user, getattr(request, "refusal", None)
        return form

    def save_model(self, request, obj, form, change):
        try:
            booking = self._book(request.user, form.cleaned_data)
        except DomainError as refusal:
            request.refusal = refusal
            raise
        obj.__dict__.update(booking.__dict__)
        warn_of_overlaps(request, booking)

    @staticmethod
    def _book(actor, said):
        return services.enter_visit(
            actor=actor,
            phone=said["phone"],
            name=said["name"],
            service_id=said["service"].pk,
            staff_id=said["staff"] and said["staff"].pk,
            starts_at=said["starts_at"],
            note=said["note"],
            guest_name=said["guest_name"],
            override_reason=said.get("override_reason", ""),
            key=said["key"],
        )

    def _told(self, request, view):
        return super()._told(request, partial(self._as_typed, request, view))

    @staticmethod
    def _as_typed(request, view):
        """A visit that is refused comes back as it was typed, with the refusal at the field that should change."""
        try:
            return view()
        except DomainError:
            if not hasattr(request, "refusal"):
                raise
            return view()

    # --- Buttons above the list ---

    def has_why_not_permission(self, request, object_id=None):
        return bool(salons_allowing(request, Booking, "view"))

    def has_reassign_permission(self, request, object_id=None):
        return bool(salons_allowing(request, Booking, "reschedule"))

    @action(description=_("Why not this time?"), url_path="why-not", icon="help", permissions=["why_not"])
    def why_not_action(self, request):
        return why_not_page(self, request)

    @action(
        description=_("Give a day to colleagues"),
        url_path="reassign",
        icon="swap_horiz",
        permissions=["reassign"],
        dialog=_dialog(
            _("Give a day to colleagues"),
            ReassignDialog,
            _("Give to colleagues"),
            _("Every visit of the day goes to whoever is free at that very time. The customers are told."),
        ),
    )
    def reassign_action(self, request, form):
        said = form.cleaned_data
        day = {"staff_id": said["staff"].pk, "day": said["day"], "reason": said["reason"]}
        refusal, *done = _tried(partial(services.reassign_day, actor=request.user, **day))
        if refusal:
            messages.error(request, str(refusal))
        for moved, left in done:
            tell_reassigned(request, moved, left)
        return HttpResponse(headers={"HX-Redirect": page_of(request)})

    # --- The page of a visit ---

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(*self.list_select_related)

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj is not None:
            # The steps stand in the banner, where none of them is cut off.
            context |= page_context(request, obj, context.pop("actions_detail", ()), STATE_COLOURS)
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def get_changeform_initial_data(self, request):
        return super().get_changeform_initial_data(request) | again(request)

    # --- Steps: shown when the state and the person's rights allow them ---

    def _may_step(self, request, verb, object_id, states):
        if object_id is None:
            return self.may(request, verb)
        booking = self.row(request, object_id)
        # A button that was there when the page was loaded is answered by the use case: it says what happened meanwhile.
        was_pressed = request.resolver_match.url_name.endswith("_action")
        return booking is not None and (was_pressed or booking.status in states) and self.may(request, verb, booking)

    def has_confirm_booking_permission(self, request, object_id=None):
        return self._may_step(request, "confirm", object_id, [Status.PENDING])

    def has_arrive_booking_permission(self, request, object_id=None):
        return self._may_step(request, "arrive", object_id, [Status.CONFIRMED])

    def has_complete_booking_permission(self, request, object_id=None):
        return self._may_step(request, "complete", object_id, [Status.ARRIVED])

    def has_no_show_booking_permission(self, request, object_id=None):
        return self._may_step(request, "no_show", object_id, [Status.CONFIRMED, Status.ARRIVED])

    def has_reschedule_booking_permission(self, request, object_id=None):
        return self._may_step(request, "reschedule", object_id, Booking.MOVABLE)

    def has_change_terms_booking_permission(self, request, object_id=None):
        return self._may_step(request, "reschedule", object_id, [*Booking.MOVABLE, Status.ARRIVED])

    def has_cancel_booking_permission(self, request, object_id=None):
        return self._may_step(request, "cancel", object_id, Booking.MOVABLE)

    def has_undo_booking_permission(self, request, object_id=None):
        return self._may_step(request, "undo", object_id, UNDOABLE)

    @action(
        description=_("Confirm"),
        url_path="confirm",
        icon="check_circle",
        variant=ActionVariant.PRIMARY,
        permissions=["confirm_booking"],
        dialog=_dialog(_("Confirm this booking?"), StepDialog, _("Confirm"), _("The customer is told at once.")),
    )
    def confirm_action(self, request, form, object_id):
        return self._step(request, services.confirm_booking, object_id, _("The booking is confirmed."))

    @action(
        description=_("Arrived"),
        url_path="arrive",
        icon="login",
        variant=ActionVariant.PRIMARY,
        permissions=["arrive_booking"],
        dialog=_dialog(_("Has the customer arrived?"), StepDialog, _("Arrived")),
    )
    def arrive_action(self, request, form, object_id):
        return self._step(request, services.mark_arrived, object_id, _("The customer has arrived."))

    @action(
        description=_("Complete"),
        url_path="complete",
        icon="task_alt",
        variant=ActionVariant.SUCCESS,
        permissions=["complete_booking"],
        dialog=_dialog(_("Is the visit over?"), StepDialog, _("Complete")),
    )
    def complete_action(self, request, form, object_id):
        return self._step(request, services.complete_booking, object_id, _("The visit is completed."))

    @action(
        description=_("No-show"),
        url_path="no-show",
        icon="person_off",
        permissions=["no_show_booking"],
        dialog=_dialog(_("Did the customer not come?"), BookingDialog, _("Mark as no-show")),
    )
    def no_show_action(self, request, form, object_id):
        return self._step(request, services.mark_no_show, object_id, _("Marked as no-show."), form)

    @action(
        description=_("Move"),
        url_path="reschedule",
        icon="update",
        permissions=["reschedule_booking"],
        dialog=_dialog(_("Move this booking"), MoveDialog, _("Move")),
    )
    def reschedule_action(self, request, form, object_id):
        dialog, success = self.reschedule_action.dialog, _("The booking was moved.")
        return self._placed(request, services.reschedule_booking, object_id, success, form, dialog)

    @action(
        description=_("Service"),
        url_path="service",
        icon="content_cut",
        permissions=["change_terms_booking"],
        dialog=_dialog(
            _("Change the service"),
            ServiceDialog,
            _("Change the service"),
            _("Time and staff member stay. What the new price lacks is due; what was paid beyond it goes back."),
        ),
    )
    def service_action(self, request, form, object_id):
        chosen = {"service_id": form.cleaned_data["service"]}
        return self._step(request, services.change_service, object_id, _("The service was changed."), form, **chosen)

    @action(
        description=_("Change length"),
        url_path="length",
        icon="timelapse",
        permissions=["change_terms_booking"],
        dialog=_dialog(
            _("Change the length"), LengthDialog, _("Change the length"), _("The start and the agreed price stay.")
        ),
    )
    def length_action(self, request, form, object_id):
        dialog, success = self.length_action.dialog, _("The length was changed.")
        return self._placed(request, services.change_duration, object_id, success, form, dialog)

    @action(
        description=_("Cancel the booking"),
        url_path="cancel",
        icon="cancel",
        variant=ActionVariant.DANGER,
        permissions=["cancel_booking"],
        dialog=_dialog(_("Cancel this booking?"), CancelDialog, _("Cancel the booking")),
    )
    def cancel_action(self, request, form, object_id):
        by = form.cleaned_data["by"]
        return self._step(request, services.cancel_booking, object_id, _("The booking was cancelled."), form, by=by)

    @action(
        description=_("Undo"),
        url_path="undo",
        icon="undo",
        permissions=["undo_booking"],
        dialog=_dialog(_("Take the last step back?"), BookingDialog, _("Undo")),
    )
    def undo_action(self, request, form, object_id):
        return self._step(request, services.undo_step, object_id, _("The last step was taken back."), form)

    def _placed(self, request, use_case, object_id, success, form, dialog):
        """As `_step`; but time that is not free is refused in the dialog, with everything still typed."""
        step = {"booking_id": object_id, "seen_version": seen_version(request), **form.arguments()}
        refusal, *placed = _tried(partial(use_case, actor=request.user, **step))
        if isinstance(refusal, NOT_FREE):
            form.refuse(refusal)
            return _ask_again(request, form, dialog)
        if refusal:
            messages.error(request, str(refusal))
        for booking in placed:
            messages.success(request, success)
            warn_of_overlaps(request, booking)
        return HttpResponse(headers={"HX-Redirect": page_of(request)})

    def _step(self, request, use_case, object_id, success, form=None, **arguments):
        reason = form.cleaned_data["reason"] if form else ""
        step = {"booking_id": object_id, "reason": reason, "seen_version": seen_version(request), **arguments}
        return run_use_case(request, partial(use_case, actor=request.user, **step), success)
