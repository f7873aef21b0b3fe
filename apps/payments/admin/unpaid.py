"""Payments' part of the list of bookings: which visits still have to bring money."""

from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from apps.payments.owed import unpaid


class UnpaidFilter(DropdownFilter):
    title = _("payment")
    parameter_name = "money"

    def lookups(self, request, model_admin):
        # Who may view no payments learns nothing of them from a filter either.
        return [("due", _("not paid yet"))] if request.user.has_perm("payments.view_payment") else []

    def queryset(self, request, queryset):
        """As with every filter, a value that is none of the choices leads back to the plain list."""
        if not self.value():
            return queryset
        if self.value() != "due":
            raise ValueError(self.value())
        return unpaid(queryset, reader=request.user)
