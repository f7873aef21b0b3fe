"""What the salon is asked before two cards of one customer become one."""

from django import forms
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.common.admin.dialogs import ReasonDialog
from apps.common.admin.search import search
from apps.common.name_keys import NameKey
from apps.common.reader import shown_phone
from apps.common.scope import visible_rows
from apps.salons.consequences import visits
from apps.salons.models import Customer, Review

MOST_OFFERED = 20
# Typed letters narrow the list below the box; the rest of the dialog stays as it is.
NARROWS_LIST = {
    "hx-trigger": "input changed delay:300ms",
    "hx-target": "#id_into",
    "hx-select": "#id_into",
    "hx-swap": "outerHTML",
    "autocomplete": "off",
}


class MergeDialog(ReasonDialog):
    """Which card stays, what moves to it, and why."""

    form_before_template = "salons/admin/about_merge.html"

    term = forms.CharField(
        label=_("Find the card that stays"),
        required=False,
        max_length=160,
        widget=UnfoldAdminTextInputWidget(attrs=NARROWS_LIST),
        help_text=_("By name or phone."),
    )
    into = forms.ModelChoiceField(Customer.objects.none(), label=_("Card that stays"), widget=UnfoldAdminSelectWidget)

    field_order = ["term", "into", "reason"]

    def __init__(self, request, object_id=None, *args, **kwargs):
        super().__init__(request, object_id, *args, **kwargs)
        self._cards = visible_rows(Customer, request.user).filter(user__erased_at=None).select_related("salon", "user")
        self.card = get_object_or_404(self._cards, pk=object_id)
        self._cards = self._cards.filter(salon=self.card.salon).exclude(pk=object_id)
        self.fields["term"].widget.attrs["hx-get"] = request.path
        self.fields["into"].queryset = self._cards
        # Any card of the salon may be sent; offered are those that fit what was typed.
        self.fields["into"].widget.choices = self._offered

    def get_before_template_context(self, request, object_id=None):
        return {
            "card": self._name(self.card),
            "visits": visits().count_of(self.card.pk),
            "reviews": Review.objects.filter(customer=self.card).count(),
            "notes": self.card.notes,
            "is_blocked": self.card.is_blocked,
        }

    def _offered(self):
        term = self.data.get("term") or self.request.GET.get("term", "")
        found = search(self._cards, ["user__name", "user__phone"], term, reader=self.request.user)
        cards = list(found.order_by(NameKey("user__name"), "pk")[:MOST_OFFERED])
        empty = _("Choose a card") if cards else _("No other card found")
        return [("", empty), *((card.pk, self._name(card)) for card in cards)]

    def _name(self, card):
        """As people tell it from another one of the same name: with the phone, from left to right in any line."""
        phone = f"\u2066{shown_phone(card.user.phone, card, reader=self.request.user)}\u2069"
        return f"{card.user.name} · {phone}" if card.user.name else phone
