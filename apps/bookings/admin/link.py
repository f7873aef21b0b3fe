"""The step that asks a customer to pay: a link, made by whoever keeps the money."""

from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.bookings.admin.dialogs import PaymentLinkDialog
from apps.bookings.models import Booking
from apps.bookings.money import money
from apps.common.admin.dialogs import run_use_case


class PaymentLinkStep:
    """Part of the admin of bookings."""

    def has_payment_link_permission(self, request, object_id=None):
        if object_id is None:
            return request.user.has_perm("payments.add_payment")
        booking = self.row(request, object_id)
        can = booking is not None and booking.status in (*Booking.ACTIVE, Booking.Status.COMPLETED)
        return can and request.user.has_perm("payments.add_payment", booking)

    @action(
        description=_("Payment link"),
        url_path="payment-link",
        icon="add_link",
        variant=ActionVariant.PRIMARY,
        permissions=["payment_link"],
        dialog={
            "title": _("Ask the customer to pay?"),
            "description": _("A link that is open already is kept while its amount fits."),
            "form_class": PaymentLinkDialog,
            "form_submit_text": _("Make the link"),
        },
    )
    def payment_link_action(self, request, form, object_id):
        return run_use_case(
            request,
            lambda: money().make_link(actor=request.user, booking_id=object_id),
            _("The payment link is ready. It stands on this page, and the customer gets it by message."),
        )
