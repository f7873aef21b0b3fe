from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.common.constraints import AppendOnly, SameSalon
from apps.payments.models.payment import Payment
from apps.payments.models.refund import Refund
from apps.salons.models.base import salon_key
from apps.salons.querysets import SalonQuerySet


class MoneyEvent(models.Model):
    """One step of a payment or of its refund, as it stood after it: written once, sealed with the step before.

    The steps of a payment are numbered without gap. `digest` is an HMAC over this step and the digest of the one
    before, under a key that is not in the database, so that a row changed, left out or put in later shows.
    """

    salon = models.ForeignKey("salons.Salon", models.PROTECT, related_name="+", verbose_name=_("salon"))
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="events", verbose_name=_("payment"))
    refund = models.ForeignKey(
        Refund, models.PROTECT, null=True, blank=True, related_name="events", verbose_name=_("refund")
    )
    sequence = models.PositiveIntegerField(_("step"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    # Our own words only: what a person wrote stands with the refund, where it can be erased.
    reason = models.CharField(_("reason"), max_length=255, blank=True)
    payment_status = models.CharField(_("state"), max_length=16, choices=Payment.Status.choices)
    captured_amount = models.DecimalField(_("received"), max_digits=10, decimal_places=2)
    refunded_amount = models.DecimalField(_("refunded"), max_digits=10, decimal_places=2)
    refund_reserved_amount = models.DecimalField(_("being refunded"), max_digits=10, decimal_places=2)
    refund_status = models.CharField(_("refund"), max_length=16, choices=Refund.Status.choices, blank=True)
    refund_amount = models.DecimalField(_("amount of the refund"), max_digits=10, decimal_places=2, null=True)
    digest = models.CharField(_("seal"), max_length=64)

    objects = SalonQuerySet.as_manager()

    class Meta:
        verbose_name = _("money event")
        verbose_name_plural = _("money journal")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="payments_event_newest"),
            models.Index(fields=["salon", "-at", "-id"], name="payments_event_by_salon"),
        ]
        constraints = [
            salon_key("payments_moneyevent"),
            SameSalon(field="payment", name="payments_moneyevent_same_salon_payment"),
            SameSalon(field="refund", name="payments_moneyevent_same_salon_refund"),
            models.UniqueConstraint(fields=["payment", "sequence"], name="payments_moneyevent_step"),
            AppendOnly(name="payments_moneyevent_append_only"),
        ]

    def __str__(self):
        return f"{self.payment_id} · {self.sequence}"
