"""What people type about money."""

import re
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from apps.bookings.models import Booking
from apps.common.admin.dialogs import ReasonDialog
from apps.common.admin.displays import EMPTY, show_money
from apps.common.admin.forms import ScopedModelForm
from apps.common.money import display_money
from apps.common.text import latin_digits
from apps.payments import services
from apps.payments.errors import AmountInvalid, GatewayUnavailable
from apps.payments.models import Payment, Refund
from apps.payments.selectors import can_be_undone
from apps.payments.services.payments import BY_HAND

AMOUNT = re.compile(r"[0-9]{1,8}(\.[0-9]{1,2})?")


class AmountField(forms.DecimalField):
    """An amount in SAR, written the one way that nobody reads differently: 120 or 120.50."""

    widget = UnfoldAdminTextInputWidget(attrs={"dir": "ltr", "inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value):
        if isinstance(value, str) and value.strip() and not AMOUNT.fullmatch(value.strip()):
            raise ValidationError(AmountInvalid.message, code=AmountInvalid.code)
        return super().to_python(value)

    def validate(self, value):
        super().validate(value)
        if value is not None and value <= 0:
            raise ValidationError(AmountInvalid.message, code=AmountInvalid.code)


class RefundDialog(ReasonDialog):
    """Shows what can go back, asks how much and why. The nonce makes a double click one refund."""

    form_before_template = "payments/admin/refund_amounts.html"

    amount = AmountField(label=_("Amount, SAR"))
    nonce = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    field_order = ["amount", "reason", "nonce"]

    def __init__(self, request, object_id=None, *args, **kwargs):
        super().__init__(request, object_id, *args, **kwargs)
        rows = Payment.objects.visible_to(request.user).select_related("salon")
        self.payment = rows.filter(pk=object_id).first()
        if self.payment:
            self.fields["amount"].initial = f"{self.payment.refundable_amount:.2f}"
            self.fields["amount"].help_text = _("Above %(limit)s another person has to approve it.") % {
                "limit": display_money(self.payment.salon.refund_limit)
            }

    def get_before_template_context(self, request, object_id=None):
        if self.payment is None:
            return {}
        amounts = (
            (_("Received"), self.payment.captured_amount),
            (_("Refunded"), self.payment.refunded_amount),
            (_("On its way back"), self.payment.refund_reserved_amount),
            (_("Still refundable"), self.payment.refundable_amount),
        )
        return {"amounts": [(label, show_money(amount)) for label, amount in amounts], "note": self._way()}

    def _way(self):
        if self.payment.method != Payment.Method.ONLINE:
            return _("It was paid at the desk: hand the money over yourself.")
        if can_be_undone(self.payment, self.payment.refundable_amount):
            return _("The whole amount is undone at once, before the bank books it. A part is sent back, in some days.")
        return _("It is sent back to the card or wallet. The customer's bank takes some days.")

    def clean_amount(self):
        amount = self.cleaned_data["amount"]
        if self.payment and amount > self.payment.refundable_amount:
            most = display_money(self.payment.refundable_amount)
            raise ValidationError(
                _("At most %(most)s can be refunded."), code="refund_exceeds_paid", params={"most": most}
            )
        return amount


class ReviewDialog(ReasonDialog):
    """Shows what was asked for beside what the gateway showed last, and asks why a person decides as they do."""

    form_before_template = "payments/admin/refund_amounts.html"

    def get_before_template_context(self, request, object_id=None):
        payment = Payment.objects.visible_to(request.user).filter(pk=object_id).first()
        if payment is None:
            return {}
        amounts = (
            (_("Asked for"), payment.amount),
            (_("At the gateway, when last read"), payment.gateway_amount),
            (_("Refunded there"), payment.gateway_refunded_amount),
        )
        return {"amounts": [(label, EMPTY if amount is None else show_money(amount)) for label, amount in amounts]}


class SendAgainDialog(ReasonDialog):
    """Asks for the one thing the system cannot see: whether the first one stands in the gateway's own pages."""

    looked = forms.BooleanField(
        label=_("I looked in the gateway's own pages: this refund is not there."), widget=UnfoldBooleanWidget()
    )

    field_order = ["looked", "reason"]


class DecideDialog(ReasonDialog):
    """Shows what the gateway shows now, and offers only what that proves. Reading it writes nothing."""

    form_before_template = "payments/admin/refund_amounts.html"

    finding = forms.ChoiceField(label=_("What became of it"), widget=UnfoldAdminRadioSelectWidget())

    field_order = ["finding", "reason"]

    def __init__(self, request, object_id=None, *args, **kwargs):
        super().__init__(request, object_id, *args, **kwargs)
        rows = Refund.objects.visible_to(request.user).select_related("payment")
        self.refund = rows.filter(pk=object_id).first()
        self.total, self.note = None, ""
        if self.refund:
            self._look()

    def _look(self):
        try:
            self.total, findings = services.look_into_refund(refund_id=self.refund.pk)
        except GatewayUnavailable as refusal:
            self.note = str(refusal)
            return
        self.fields["finding"].choices = [(finding.value, finding.label) for finding in findings]
        if not findings:
            self.note = _("What the gateway shows proves nothing yet. Look again in a quarter of an hour.")

    def get_before_template_context(self, request, object_id=None):
        if self.refund is None:
            return {}
        amounts = (
            (_("Received"), self.refund.payment.captured_amount),
            (_("Refunded, by our books"), self.refund.payment.refunded_amount),
            (_("Refunded, by the gateway"), self.total),
            (_("This refund"), self.refund.amount),
        )
        return {"amounts": [(label, show_money(amount)) for label, amount in amounts], "note": self.note}


class DeskPaymentForm(ScopedModelForm):
    """Money counted at the desk, for a booking named by its reference."""

    reference = forms.CharField(
        label=_("Booking reference"), max_length=20, widget=UnfoldAdminTextInputWidget(attrs={"dir": "ltr"})
    )
    amount = AmountField(label=_("Amount, SAR"))
    # A double click posts it twice and makes one payment.
    nonce = forms.UUIDField(label="", required=False, widget=forms.HiddenInput, initial=uuid4)

    # The person at the desk, set by the page.
    user = None

    class Meta:
        model = Payment
        fields = ["method"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        methods = [(method.value, method.label) for method in BY_HAND]
        self.fields["method"] = forms.ChoiceField(
            label=_("Taken by"), choices=methods, widget=UnfoldAdminSelectWidget()
        )

    def clean_reference(self):
        """The booking itself, of a salon in which the person may take money."""
        reference = latin_digits(self.cleaned_data["reference"]).replace("-", "").replace(" ", "").upper()
        booking = Booking.objects.visible_to(self.user).filter(reference=reference).first()
        if booking is None or not self.user.has_perm("payments.add_payment", booking):
            raise ValidationError(_("There is no such booking in your salons."), code="unknown_booking")
        return booking

    def _post_clean(self):
        # The row is made by the use case, which judges it; this form only gathers what was said.
        pass
