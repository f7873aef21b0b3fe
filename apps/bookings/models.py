import secrets
import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.bookings.querysets import BookingQuerySet
from apps.common.constraints import NoOverlap, SameSalon
from apps.common.money import CURRENCY
from apps.common.text import localized
from apps.salons.models import Review
from apps.salons.models.base import SalonOwned, salon_key

# No 0/O, 1/I/L or U: a reference is read out over the phone.
REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_reference():
    """Nine random characters; among a million bookings a collision has a chance of one in forty million."""
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(9))


class Booking(SalonOwned):
    """One visit of one customer for one service with one staff member.

    Price, VAT, duration, buffers and cancellation terms are copies made when it was booked: later changes of the
    catalogue never reach it. `occupied_from`–`occupied_until` is the visit with its buffers, half open; the database
    lets no two active bookings of a staff member overlap in it. `version` grows with every move and state change.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        CONFIRMED = "confirmed", _("confirmed")
        ARRIVED = "arrived", _("arrived")
        COMPLETED = "completed", _("completed")
        NO_SHOW = "no_show", _("no-show")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")

    class Source(models.TextChoices):
        ONLINE = "online", _("booked online")
        DESK = "desk", _("entered by the salon")

    class CancelledBy(models.TextChoices):
        CUSTOMER = "customer", _("the customer")
        SALON = "salon", _("the salon")

    ACTIVE = (Status.PENDING, Status.CONFIRMED, Status.ARRIVED)
    MOVABLE = (Status.PENDING, Status.CONFIRMED)
    ALLOWED = {
        Status.PENDING: {Status.CONFIRMED, Status.EXPIRED, Status.CANCELLED},
        Status.CONFIRMED: {Status.ARRIVED, Status.CANCELLED, Status.NO_SHOW},
        Status.ARRIVED: {Status.COMPLETED, Status.NO_SHOW, Status.CONFIRMED},
        Status.COMPLETED: {Status.ARRIVED},
        Status.NO_SHOW: {Status.CONFIRMED},
        Status.EXPIRED: {Status.CONFIRMED},
        Status.CANCELLED: set(),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(_("reference"), max_length=12, unique=True, default=new_reference, editable=False)
    customer = models.ForeignKey("salons.Customer", models.PROTECT, related_name="bookings", verbose_name=_("customer"))
    service = models.ForeignKey("salons.Service", models.PROTECT, related_name="bookings", verbose_name=_("service"))
    staff = models.ForeignKey("salons.Staff", models.PROTECT, related_name="bookings", verbose_name=_("staff member"))
    status = models.CharField(_("state"), max_length=16, choices=Status.choices, default=Status.PENDING)
    source = models.CharField(_("source"), max_length=16, choices=Source.choices, default=Source.ONLINE)
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    occupied_from = models.DateTimeField(_("occupied from"), editable=False)
    occupied_until = models.DateTimeField(_("occupied until"), editable=False)
    hold_expires_at = models.DateTimeField(_("held until"), null=True, blank=True)
    guest_name = models.CharField(
        _("guest"),
        max_length=160,
        blank=True,
        help_text=_("Who comes, when that is not the customer: a daughter who shares the phone, for example."),
    )
    note = models.TextField(_("customer's note"), blank=True, max_length=1000)
    override_reason = models.TextField(_("reason for booking outside the rules"), blank=True)

    service_name_ar = models.CharField(_("service as booked (Arabic)"), max_length=160, blank=True, editable=False)
    service_name_en = models.CharField(_("service as booked (English)"), max_length=160, blank=True, editable=False)
    duration_minutes = models.PositiveSmallIntegerField(_("duration, minutes"), editable=False)
    buffer_before_minutes = models.PositiveSmallIntegerField(_("preparation, minutes"), default=0, editable=False)
    buffer_after_minutes = models.PositiveSmallIntegerField(_("cleaning up, minutes"), default=0, editable=False)
    price_amount = models.DecimalField(_("price incl. VAT"), max_digits=10, decimal_places=2, editable=False)
    vat_rate = models.DecimalField(_("VAT, %"), max_digits=5, decimal_places=2, editable=False)
    vat_amount = models.DecimalField(_("VAT"), max_digits=10, decimal_places=2, editable=False)
    currency = models.CharField(_("currency"), max_length=3, default=CURRENCY, editable=False)
    prepay_amount = models.DecimalField(
        _("to pay in advance"), max_digits=10, decimal_places=2, default=0, editable=False
    )
    free_cancellation_hours = models.PositiveSmallIntegerField(_("cancelling free until, hours"), editable=False)
    late_cancellation_percent = models.PositiveSmallIntegerField(_("cancellation fee, %"), editable=False)
    # The free-cancel trick (move away, then cancel) fails because the fee is judged on the earliest start ever held.
    protected_starts_at = models.DateTimeField(_("cancellation counted from"), editable=False)
    cancelled_by = models.CharField(_("cancelled by"), max_length=16, choices=CancelledBy.choices, blank=True)
    cancellation_fee_amount = models.DecimalField(
        _("cancellation fee"), max_digits=10, decimal_places=2, default=0, editable=False
    )
    review = models.OneToOneField(
        Review, models.PROTECT, null=True, blank=True, related_name="booking", verbose_name=_("review")
    )
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name=_("booked by"),
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    objects = BookingQuerySet.as_manager()

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ["-starts_at", "-pk"]
        indexes = [
            models.Index(fields=["-starts_at", "-id"], name="bookings_newest"),
            models.Index(fields=["salon", "-starts_at", "-id"], name="bookings_by_salon"),
            models.Index(
                fields=["staff", "occupied_from", "occupied_until"],
                name="bookings_calendar",
                condition=Q(status__in=["pending", "confirmed", "arrived"]),
            ),
            models.Index(fields=["customer", "-starts_at", "-id"], name="bookings_by_customer"),
            models.Index(
                fields=["hold_expires_at"], name="bookings_open_holds", condition=Q(hold_expires_at__isnull=False)
            ),
            models.Index(fields=["salon"], name="bookings_with_guest", condition=~Q(guest_name="")),
        ]
        constraints = [
            salon_key("bookings_booking"),
            SameSalon(field="customer", name="bookings_booking_same_salon_customer"),
            SameSalon(field="service", name="bookings_booking_same_salon_service"),
            SameSalon(field="staff", name="bookings_booking_same_salon_staff"),
            SameSalon(field="review", name="bookings_booking_same_salon_review"),
            NoOverlap(
                group="staff",
                starts="occupied_from",
                ends="occupied_until",
                condition=Q(status__in=["pending", "confirmed", "arrived"]),
                name="bookings_booking_no_overlap",
                violation_error_code="slot_taken",
                violation_error_message=_("This time is already taken."),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="bookings_booking_order",
                violation_error_message=_("The end lies after the start."),
            ),
            models.CheckConstraint(
                condition=Q(occupied_from__lte=F("starts_at"), occupied_until__gte=F("ends_at")),
                name="bookings_booking_occupied_covers_visit",
                violation_error_message=_("The occupied time covers the visit."),
            ),
            models.CheckConstraint(
                condition=Q(price_amount__gt=0, vat_amount__gte=0, vat_amount__lt=F("price_amount")),
                name="bookings_booking_price",
                violation_error_message=_("A price is greater than zero and holds its VAT."),
            ),
            models.CheckConstraint(
                condition=Q(prepay_amount__gte=0, prepay_amount__lte=F("price_amount")),
                name="bookings_booking_prepay",
                violation_error_message=_("The advance payment is at most the price."),
            ),
            models.CheckConstraint(
                condition=Q(cancellation_fee_amount__gte=0, cancellation_fee_amount__lte=F("price_amount")),
                name="bookings_booking_fee",
                violation_error_message=_("The cancellation fee is at most the price."),
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled") ^ Q(cancelled_by=""),
                name="bookings_booking_cancelled_by_someone",
                violation_error_message=_("A cancelled booking says who cancelled it, and only a cancelled one."),
            ),
            models.CheckConstraint(
                condition=Q(hold_expires_at__isnull=True) | Q(status__in=["pending", "expired", "cancelled"]),
                name="bookings_booking_hold_only_while_pending",
                violation_error_message=_("Only a pending booking is held for payment."),
            ),
        ]

    def __str__(self):
        return self.display_reference

    def place(self, *, staff, starts_at):
        """Put the visit at `starts_at` with `staff`; the end and the occupied time follow from the copied durations."""
        self.staff = staff
        self.starts_at = starts_at
        self.ends_at = starts_at + timedelta(minutes=self.duration_minutes)
        self.occupied_from = starts_at - timedelta(minutes=self.buffer_before_minutes)
        self.occupied_until = self.ends_at + timedelta(minutes=self.buffer_after_minutes)

    @property
    def display_reference(self):
        """The reference as people read it: `K7Q-3MX-9TP`."""
        return "-".join(self.reference[i : i + 3] for i in range(0, len(self.reference), 3))

    @property
    def visitor(self):
        """Whom to expect: the guest as named when it was booked, otherwise the customer."""
        return self.guest_name or str(self.customer)

    @property
    def service_name(self):
        """The service's name when it was booked, in the active language."""
        return localized(self.service_name_ar, self.service_name_en)

    @property
    def is_active(self):
        """Whether it occupies its staff member."""
        return self.status in self.ACTIVE

    @property
    def awaits_payment(self):
        """Whether it is held until money arrives."""
        return self.status == self.Status.PENDING and self.hold_expires_at is not None
