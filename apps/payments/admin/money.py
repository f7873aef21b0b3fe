"""What the pages of money share: the booking they are about, reasons in the reader's language, honest outcomes."""

from django.contrib import admin, messages
from django.http import HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.common.admin.dialogs import attempt, page_of, refused
from apps.common.admin.displays import EMPTY, left_to_right, two_lines
from apps.common.money import display_money
from apps.common.reader import called
from apps.payments import reasons
from apps.payments.models import Payment, Refund
from apps.payments.selectors import goes_again_by_itself

Status = Refund.Status
GATEWAY_WORDS = {
    **dict(Payment.Status.choices),
    "refunded": Status.SUCCEEDED.label,
    "canceled": gettext_lazy("cancelled"),
    "payment": gettext_lazy("payment"),
    "refund": gettext_lazy("refund"),
    "void": Refund.Way.VOID.label,
    "chargeback": gettext_lazy("chargeback"),
    "chargeback_penalty": gettext_lazy("chargeback fee"),
}
SEARCHED = ("reference", "customer__user__phone", "customer__user__name", "guest_name")


class MoneyMixin:
    """Kept reasons are English words in the table; here they speak the reader's language."""

    def shown_value(self, field, record):
        if field.name in ("failure_reason", "reason", "resolution") and (kept := getattr(record, field.attname)):
            return reasons.explain(kept)
        return super().shown_value(field, record)

    def described(self, record, row):
        described = super().described(record, row)
        described.display["reason"] = reasons.explain(described.display["reason"])
        return described


def searched_through(path):
    """Search fields of rows whose booking lies at `path` ("payment__booking")."""
    return tuple(f"{path}__{field}" for field in SEARCHED)


def booking_column(path):
    """A list column of the booking at `path` ("payment.booking"): its reference, under it who came."""

    def column(_admin, row):
        for name in path.split("."):
            row = getattr(row, name)
        return two_lines(left_to_right(row.display_reference), row.guest_name or called(row.customer.user, row))

    ordering = f"{path.replace('.', '__')}__reference"
    return admin.display(description=gettext_lazy("booking"), ordering=ordering)(column)


def gateway_words(text):
    """What the gateway said ("paid", "chargeback -50.00"), its first word in the reader's language where we know it."""
    if not text:
        return EMPTY
    word, _space, rest = text.partition(" ")
    return format_html("<bdi>{}</bdi> {}", GATEWAY_WORDS.get(word, word), left_to_right(rest) if rest else "")


def tell_refund(request, use_case):
    """Call `use_case()` (→ Refund) and say truthfully what became of it; the page it was asked from is shown again."""
    done = []
    if refusal := attempt(lambda: done.append(use_case())):
        return refused(request, refusal, page_of(request))
    level, text = outcome(done[0])
    messages.add_message(request, level, text)
    return HttpResponse(headers={"HX-Redirect": page_of(request)})


def outcome(refund):
    """(level, sentence) of what is known about a refund right now."""
    amount, why = display_money(refund.amount), reasons.explain(refund.failure_reason)
    done = {
        Refund.Way.BY_HAND: _("%(amount)s are recorded as given back. Hand them over now."),
        Refund.Way.VOID: _("%(amount)s were given back: the whole payment was undone before the bank booked it."),
    }.get(refund.way, _("%(amount)s were refunded."))
    again = (
        _("It is sent again by itself.")
        if goes_again_by_itself(refund)
        else _("Look in the gateway's own pages, then send it again or give it up.")
    )
    level, sentence = {
        Status.SUCCEEDED: (messages.SUCCESS, done),
        Status.REQUESTED: (
            messages.WARNING,
            _("%(amount)s are above the salon's limit. Nothing was refunded yet: another person has to approve it."),
        ),
        Status.APPROVED: (
            messages.WARNING,
            _("The gateway does not answer. The refund of %(amount)s is approved and will be sent by itself."),
        ),
        Status.SENDING: (messages.INFO, _("The refund of %(amount)s is being sent by somebody else right now.")),
        Status.UNKNOWN: (
            messages.WARNING,
            _("The gateway gave no clear answer. Whether %(amount)s went back is being found out; do not repeat it."),
        ),
        Status.NOT_APPLIED: (messages.ERROR, _("%(amount)s were not refunded so far: %(why)s. %(again)s")),
        Status.FAILED: (messages.ERROR, _("%(amount)s were not refunded: %(why)s.")),
        Status.REVIEW: (messages.ERROR, _("The refund of %(amount)s was stopped for a person to look: %(why)s.")),
        Status.EXTERNAL: (messages.INFO, _("%(amount)s were refunded at the gateway.")),
    }[Status(refund.status)]
    return level, sentence % {"amount": amount, "why": why, "again": again}
