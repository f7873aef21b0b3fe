from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.roles import SalonRole
from apps.common.constraints import SameSalon
from apps.common.fields import PhoneField
from apps.common.models import Named, Tracked, has_name
from apps.salons.models.base import SalonOwned, salon_key
from apps.salons.models.catalogue import Staff
from apps.salons.querysets import SalonQuerySet, SalonSelfQuerySet


class Salon(Named, Tracked):
    """One salon with its rules: how bookings are confirmed, what cancelling costs, how far ahead customers book."""

    class Audience(models.TextChoices):
        WOMEN = "women", _("women")
        MEN = "men", _("men")
        FAMILY = "family", _("families")

    class Confirmation(models.TextChoices):
        AUTOMATIC = "automatic", _("confirmed at once")
        BY_HAND = "by_hand", _("confirmed by the salon")
        PAYMENT = "payment", _("confirmed when paid")

    class PrayerPause(models.TextChoices):
        NONE = "none", _("stays open")
        STAFF = "staff", _("stays open, those who keep the pause take it")
        SALON = "salon", _("closes")

    class City(models.TextChoices):
        RIYADH = "riyadh", _("Riyadh")
        JEDDAH = "jeddah", _("Jeddah")
        MAKKAH = "makkah", _("Makkah")
        MADINAH = "madinah", _("Madinah")
        DAMMAM = "dammam", _("Dammam")
        KHOBAR = "khobar", _("Khobar")

    slug = models.SlugField(_("address name"), unique=True, help_text=_("Part of the salon's web address."))
    audience = models.CharField(_("for"), max_length=16, choices=Audience.choices, default=Audience.WOMEN)
    city = models.CharField(_("city"), max_length=16, choices=City.choices, default=City.RIYADH)
    address = models.CharField(_("street address"), max_length=255, blank=True)
    phone = PhoneField(_("phone"), blank=True, is_public=True)
    logo = models.ImageField(_("logo"), blank=True, editable=False)
    cover = models.ImageField(_("cover picture"), blank=True, editable=False)
    timezone = models.CharField(_("time zone"), max_length=64, default="Asia/Riyadh")
    offers_home_service = models.BooleanField(_("visits customers at home"), default=False)
    home_service_licence = models.CharField(_("home service licence"), max_length=64, blank=True)
    vat_number = models.CharField(
        _("VAT number"),
        max_length=15,
        blank=True,
        validators=[RegexValidator(r"^3\d{13}3$", _("A VAT number has 15 digits and starts and ends with 3."))],
        help_text=_("Left empty, the salon charges no VAT."),
    )
    confirmation = models.CharField(
        _("bookings are"), max_length=16, choices=Confirmation.choices, default=Confirmation.AUTOMATIC
    )
    deposit_percent = models.PositiveSmallIntegerField(
        _("share to pay in advance, %"), default=100, validators=[MaxValueValidator(100)]
    )
    hold_minutes = models.PositiveSmallIntegerField(_("minutes to pay"), default=15)
    slot_step_minutes = models.PositiveSmallIntegerField(_("minutes between start times"), default=15)
    lead_time_minutes = models.PositiveIntegerField(_("shortest notice, minutes"), default=60)
    horizon_days = models.PositiveSmallIntegerField(_("days that can be booked ahead"), default=60)
    horizon_counts_open_days = models.BooleanField(
        _("count only days on which the salon is open"),
        default=False,
        help_text=_("Closed days then do not use up the days that can be booked ahead."),
    )
    max_active_bookings = models.PositiveSmallIntegerField(
        _("open bookings per customer"),
        default=10,
        help_text=_("How many visits one customer may have ahead of them in this salon."),
    )
    free_cancellation_hours = models.PositiveSmallIntegerField(_("cancelling is free until, hours"), default=24)
    late_cancellation_percent = models.PositiveSmallIntegerField(
        _("fee after that, % of the price"), default=50, validators=[MaxValueValidator(100)]
    )
    no_show_grace_minutes = models.PositiveSmallIntegerField(_("minutes until a no-show"), default=15)
    prepay_after_no_shows = models.PositiveSmallIntegerField(
        _("no-shows until a customer pays in advance"),
        default=3,
        help_text=_("From so many on, a customer's online bookings are held until paid. 0 switches this off."),
    )
    prayer_pause = models.CharField(
        _("at prayer times the salon"), max_length=8, choices=PrayerPause.choices, default=PrayerPause.NONE
    )
    prayer_minutes_before = models.PositiveSmallIntegerField(_("pause begins before the call, minutes"), default=0)
    prayer_minutes_after = models.PositiveSmallIntegerField(_("pause lasts after the call, minutes"), default=25)
    friday_prayer_minutes_after = models.PositiveSmallIntegerField(
        _("Friday noon pause after the call, minutes"), default=60
    )
    refund_limit = models.DecimalField(
        _("refund a manager may approve alone"), max_digits=10, decimal_places=2, default=500
    )
    refund_daily_limit = models.DecimalField(
        _("refunds one person may approve alone in a day"), max_digits=10, decimal_places=2, default=2000
    )
    stylists_see_phones = models.BooleanField(
        _("stylists see customers' phones"),
        default=False,
        help_text=_("Otherwise they see the last two digits only."),
    )
    show_hijri_dates = models.BooleanField(
        _("show Hijri dates too"),
        default=False,
        help_text=_("By the Umm al-Qura calendar, beside the Gregorian date of a day."),
    )
    is_active = models.BooleanField(_("open for business"), default=True)

    objects = SalonSelfQuerySet.as_manager()

    class Meta:
        verbose_name = _("salon")
        verbose_name_plural = _("salons")
        ordering = ["slug"]
        constraints = [
            has_name("salons_salon"),
            models.CheckConstraint(
                condition=Q(deposit_percent__range=(1, 100)),
                name="salons_salon_deposit_percent",
                violation_error_message=_("The share paid in advance lies between 1 and 100 percent."),
            ),
            models.CheckConstraint(
                condition=Q(late_cancellation_percent__lte=100),
                name="salons_salon_cancellation_percent",
                violation_error_message=_("A cancellation fee is at most 100 percent of the price."),
            ),
            models.CheckConstraint(
                condition=Q(slot_step_minutes__range=(5, 240)),
                name="salons_salon_slot_step",
                violation_error_message=_("Start times lie between 5 and 240 minutes apart."),
            ),
            models.CheckConstraint(
                condition=Q(hold_minutes__range=(5, 120)),
                name="salons_salon_hold_minutes",
                violation_error_message=_("Customers get between 5 and 120 minutes to pay."),
            ),
            models.CheckConstraint(
                condition=Q(horizon_days__range=(1, 366)),
                name="salons_salon_horizon",
                violation_error_message=_("Bookings are possible between 1 and 366 days ahead."),
            ),
            models.CheckConstraint(
                condition=Q(max_active_bookings__range=(1, 100)),
                name="salons_salon_max_active_bookings",
                violation_error_message=_("A customer may have between 1 and 100 open bookings."),
            ),
            models.CheckConstraint(
                condition=Q(
                    prayer_minutes_before__lte=120, prayer_minutes_after__lte=120, friday_prayer_minutes_after__lte=180
                ),
                name="salons_salon_prayer_minutes",
                violation_error_message=_("A pause is at most two hours before or after the call, three on Friday."),
            ),
            models.CheckConstraint(
                condition=Q(refund_limit__gte=0),
                name="salons_salon_refund_limit",
                violation_error_message=_("The refund limit cannot be negative."),
            ),
            models.CheckConstraint(
                condition=Q(refund_daily_limit__gte=0),
                name="salons_salon_refund_daily_limit",
                violation_error_message=_("The refund limit cannot be negative."),
            ),
            models.CheckConstraint(
                condition=Q(vat_number="")
                | Q(Exact(Length("vat_number"), 15), vat_number__startswith="3", vat_number__endswith="3"),
                name="salons_salon_vat_number",
                violation_error_message=_("A VAT number has 15 digits and starts and ends with 3."),
            ),
            models.CheckConstraint(
                condition=Q(offers_home_service=False) | ~Q(home_service_licence=""),
                name="salons_salon_home_service_licence",
                violation_error_message=_("Home service needs its licence number."),
            ),
        ]

    def clean(self):
        super().clean()
        if self._state.adding or self.refused_gender is None:
            return
        people = Staff.objects.filter(salon=self, is_active=True, gender=self.refused_gender)
        if names := gettext(", ").join(person.name for person in people):
            text = _("These staff members may not work in such a salon: %(names)s. Switch off their bookings first.")
            raise ValidationError({"audience": text % {"names": names}})

    @property
    def refused_gender(self):
        """Who may not work here; None where everybody may."""
        refused: dict[str, str] = {self.Audience.WOMEN: Staff.Gender.MALE, self.Audience.MEN: Staff.Gender.FEMALE}
        return refused.get(self.audience)


class Membership(Tracked):
    """A person's role in one salon. The same person may be manager here and receptionist there."""

    salon = models.ForeignKey(Salon, models.PROTECT, related_name="memberships", verbose_name=_("salon"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=16, choices=SalonRole.choices)
    is_active = models.BooleanField(_("active"), default=True)

    objects = SalonQuerySet.as_manager()

    class Meta:
        verbose_name = _("team member")
        verbose_name_plural = _("team members")
        ordering = ["salon", "role", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["salon", "user"],
                name="salons_membership_one_role",
                violation_error_message=_("This person has a role in this salon already."),
            )
        ]

    def __str__(self):
        return f"{self.user} · {self.get_role_display()}"


class Customer(SalonOwned):
    """A salon's card of one customer: what this salon knows of a person. Other salons have cards of their own."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="customer_cards", verbose_name=_("person")
    )
    notes = models.TextField(
        _("notes"),
        blank=True,
        help_text=_("Seen by this salon only. A customer who asks for a copy of their data gets it too."),
    )
    is_blocked = models.BooleanField(_("may not book online"), default=False)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["salon", "-created_at", "-id"], name="salons_customer_newest")]
        constraints = [
            salon_key("salons_customer"),
            models.UniqueConstraint(
                fields=["salon", "user"],
                name="salons_customer_one_card",
                violation_error_message=_("This salon has a card of this customer already."),
            ),
        ]

    def __str__(self):
        return str(self.user)


class CardMerge(models.Model):
    """That a card of the salon was put together with `card` and is gone: what moved, enough to part them by hand.

    Rows are only added. The card that is gone is in the history of cards under the key `merged_card`. When `card` is
    merged in its turn, its merges go along.
    """

    salon = models.ForeignKey(Salon, models.PROTECT, related_name="+", verbose_name=_("salon"))
    card = models.ForeignKey(Customer, models.PROTECT, related_name="merges", verbose_name=_("card that stayed"))
    merged_card = models.BigIntegerField(_("number of the card that is gone"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="merged_cards", verbose_name=_("whose card it was")
    )
    bookings = models.JSONField(_("bookings that moved"), help_text=_("Their references."))
    reason = models.TextField(_("reason"))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("merged by"))
    merged_at = models.DateTimeField(_("merged at"), auto_now_add=True)

    objects = SalonQuerySet.as_manager()

    class Meta:
        verbose_name = _("merged card")
        verbose_name_plural = _("merged cards")
        ordering = ["-merged_at", "-pk"]
        constraints = [SameSalon(field="card", name="salons_cardmerge_same_salon_card")]

    def __str__(self):
        return str(self.person)


class Review(SalonOwned):
    """What a customer said after a completed visit. The visit points here, so one visit has at most one review."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="reviews", verbose_name=_("customer"))
    service = models.ForeignKey("salons.Service", models.PROTECT, related_name="reviews", verbose_name=_("service"))
    staff = models.ForeignKey("salons.Staff", models.PROTECT, related_name="reviews", verbose_name=_("staff member"))
    rating = models.PositiveSmallIntegerField(_("rating"))
    comment = models.TextField(_("comment"), blank=True, max_length=2000)
    is_published = models.BooleanField(_("shown to customers"), default=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["salon", "-created_at", "-id"], name="salons_review_newest")]
        constraints = [
            salon_key("salons_review"),
            SameSalon(field="customer", name="salons_review_same_salon_customer"),
            SameSalon(field="service", name="salons_review_same_salon_service"),
            SameSalon(field="staff", name="salons_review_same_salon_staff"),
            models.CheckConstraint(
                condition=Q(rating__range=(1, 5)),
                name="salons_review_rating",
                violation_error_code="rating_out_of_range",
                violation_error_message=_("A rating lies between 1 and 5."),
            ),
        ]

    def __str__(self):
        return "★" * self.rating


class BlockedPhone(models.Model):
    """That a salon takes no online bookings of a phone whose person was erased: a keyed hash, not the number."""

    salon = models.ForeignKey(Salon, models.CASCADE, related_name="+", verbose_name=_("salon"))
    phone_hmac = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = SalonQuerySet.as_manager()

    class Meta:
        verbose_name = _("blocked phone")
        verbose_name_plural = _("blocked phones")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["salon", "phone_hmac"], name="salons_blocked_phone_once")]

    def __str__(self):
        return self.phone_hmac[:8]
