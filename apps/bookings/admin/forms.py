"""What the desk types: a visit of whoever calls or stands there."""

from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.bookings.admin.times import NOT_FREE, by_salon_clock, refusal_texts, why_not_link
from apps.bookings.errors import CustomerBlocked
from apps.bookings.models import Booking
from apps.common.admin.forms import ScopedModelForm
from apps.common.constraints import SameSalon
from apps.common.errors import Forbidden
from apps.common.fields import PhoneFormField

LONGEST_REASON = 500
BLOCKED = _("This customer is blocked. Somebody who may book outside the rules can enter the visit.")


class DeskBookingForm(ScopedModelForm):
    """A visit entered by the salon: whoever calls or stands at the desk, known or new, by phone."""

    # Given by the page: who types, and what the use case said to this visit when it was sent.
    user = None
    refusal = None

    phone = PhoneFormField(label=_("Customer's phone"), widget=UnfoldAdminTextInputWidget)
    name = forms.CharField(
        label=_("Customer's name"), required=False, max_length=160, widget=UnfoldAdminTextInputWidget
    )
    # A double click posts it twice and makes one visit.
    key = forms.UUIDField(label="", required=False, widget=forms.HiddenInput, initial=uuid4)

    class Meta:
        model = Booking
        fields = ["salon", "guest_name", "service", "staff", "starts_at", "note", "override_reason"]
        widgets = {
            "note": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "override_reason": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        }
        help_texts = {
            "staff": _("Left empty, somebody who is free is chosen."),
            "override_reason": _("Kept in the history together with your name."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["staff"].required = False
        if reason := self.fields.get("override_reason"):
            reason.validators.append(MaxLengthValidator(LONGEST_REASON))

    def clean(self):
        cleaned = super().clean()
        service, staff = cleaned.get("service"), cleaned.get("staff")
        # Who reads more salons than they book in is offered the services of all of them.
        salon = self.instance.salon if self.instance.salon_id else cleaned.get("salon")
        if service and service.salon != salon:
            raise ValidationError({"service": SameSalon.default_violation_error_message}, code="other_salon")
        if service and staff and not staff.staff_services.filter(service=service).exists():
            raise ValidationError({"staff": _("%(staff)s does not do this service.") % {"staff": staff}})
        if salon and cleaned.get("starts_at"):
            cleaned["starts_at"] = by_salon_clock(cleaned["starts_at"], salon)
        if cleaned.get("override_reason") and not self._may_override(salon):
            raise ValidationError({"override_reason": Forbidden.message}, code=Forbidden.code)
        if self.refusal and not self.errors:
            self.add_error(*self._explained(cleaned))
        return cleaned

    def _post_clean(self):
        # The row is made by the use case, which judges it; this form only gathers what was said.
        pass

    def _may_override(self, salon):
        return self.user.has_perm("bookings.override_booking", Booking(salon=salon))

    def _explained(self, said):
        """The field that should change, and why."""
        refusal = self.refusal
        may_override = "override_reason" in self.fields
        if isinstance(refusal, CustomerBlocked):
            return ("override_reason", str(refusal)) if may_override else ("phone", BLOCKED)
        if not isinstance(refusal, NOT_FREE):
            return refusal.field, str(refusal)
        if said.get("override_reason"):
            return "starts_at", str(refusal)
        time = said["service"], said["staff"], said["starts_at"]
        return "starts_at", [*refusal_texts(refusal, *time, reader=self.user), why_not_link(*time)]
