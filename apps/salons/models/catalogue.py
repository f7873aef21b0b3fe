from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.constraints import SameSalon
from apps.common.models import Named, PublicId, has_name
from apps.salons.models.base import SalonOwned, salon_key
from apps.salons.querysets import CatalogueQuerySet, StaffQuerySet

ONLY_WOMEN, ONLY_MEN = _("Only women may work in a salon for women."), _("Only men may work in a salon for men.")


class ServiceCategory(PublicId, Named, SalonOwned):
    """A heading of the price list, such as “Colouring”."""

    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("shown"), default=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["salon", "position", "pk"]
        constraints = [
            salon_key("salons_servicecategory"),
            has_name("salons_servicecategory"),
            models.UniqueConstraint(
                fields=["salon", "search_text"],
                name="salons_servicecategory_unique_name",
                violation_error_message=_("This salon has a category of this name already."),
            ),
        ]


class Service(PublicId, Named, SalonOwned):
    """Something the salon sells: “Haircut”, 45 minutes, 130.00 SAR including VAT."""

    category = models.ForeignKey(ServiceCategory, models.PROTECT, related_name="services", verbose_name=_("category"))
    code = models.CharField(
        _("code"), max_length=32, help_text=_("Short, unique in the salon, kept by import and export.")
    )
    description_ar = models.TextField(_("Arabic description"), blank=True)
    description_en = models.TextField(_("English description"), blank=True)
    duration_minutes = models.PositiveSmallIntegerField(_("duration, minutes"))
    buffer_before_minutes = models.PositiveSmallIntegerField(_("preparation before, minutes"), default=0)
    buffer_after_minutes = models.PositiveSmallIntegerField(_("cleaning up after, minutes"), default=0)
    price_amount = models.DecimalField(_("price incl. VAT, SAR"), max_digits=10, decimal_places=2)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("can be booked"), default=True)

    objects = CatalogueQuerySet.as_manager()

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["salon", "category__position", "position", "pk"]
        constraints = [
            salon_key("salons_service"),
            has_name("salons_service"),
            SameSalon(field="category", name="salons_service_same_salon_category"),
            models.UniqueConstraint(
                fields=["salon", "code"],
                name="salons_service_unique_code",
                violation_error_code="unique",
                violation_error_message=_("This salon has a service with this code already."),
            ),
            models.UniqueConstraint(
                fields=["category", "search_text"],
                name="salons_service_unique_name",
                violation_error_message=_("This category has a service of this name already."),
            ),
            models.CheckConstraint(
                condition=Q(duration_minutes__range=(5, 1440)),
                name="salons_service_duration",
                violation_error_message=_("A service takes between 5 minutes and 24 hours."),
            ),
            models.CheckConstraint(
                condition=Q(buffer_before_minutes__lte=480, buffer_after_minutes__lte=480),
                name="salons_service_buffers",
                violation_error_message=_("Preparation and cleaning up take at most 8 hours each."),
            ),
            models.CheckConstraint(
                condition=Q(price_amount__gt=0),
                name="salons_service_price",
                violation_error_message=_("A price is greater than zero."),
            ),
        ]


class Staff(PublicId, Named, SalonOwned):
    """A person customers can book. Linked to a sign-in, they see their own calendar."""

    class Gender(models.TextChoices):
        FEMALE = "female", _("female")
        MALE = "male", _("male")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="staff_entries",
        verbose_name=_("sign-in"),
    )
    gender = models.CharField(_("gender"), max_length=8, choices=Gender.choices, default=Gender.FEMALE)
    title_ar = models.CharField(_("Arabic title"), max_length=120, blank=True)
    title_en = models.CharField(_("English title"), max_length=120, blank=True)
    color = models.CharField(_("colour in the calendar"), max_length=7, default="#7c3aed")
    photo = models.ImageField(_("photo"), blank=True, editable=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    keeps_prayer_pause = models.BooleanField(
        _("keeps the prayer pause"),
        default=True,
        help_text=_("Counts where the salon stays open and only those who keep the pause take it."),
    )
    is_active = models.BooleanField(_("takes bookings"), default=True)
    services = models.ManyToManyField(Service, through="StaffService", related_name="staff", verbose_name=_("services"))

    objects = StaffQuerySet.as_manager()

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")
        ordering = ["salon", "position", "pk"]
        constraints = [
            salon_key("salons_staff"),
            has_name("salons_staff"),
            models.UniqueConstraint(
                fields=["salon", "user"],
                name="salons_staff_one_entry_per_person",
                violation_error_message=_("This sign-in belongs to another staff member already."),
            ),
        ]

    def clean(self):
        super().clean()
        # Who left already stays in the books of a salon that has changed whom it serves.
        works_here = self.is_active or self._state.adding
        if works_here and self.salon_id and self.gender == self.salon.refused_gender:
            raise ValidationError({"gender": ONLY_MEN if self.gender == self.Gender.FEMALE else ONLY_WOMEN})


class StaffService(SalonOwned):
    """That a staff member does a service, at the salon's price and duration or at their own."""

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="staff_services", verbose_name=_("staff member"))
    service = models.ForeignKey(Service, models.CASCADE, related_name="staff_services", verbose_name=_("service"))
    price_amount = models.DecimalField(_("own price, SAR"), max_digits=10, decimal_places=2, null=True, blank=True)
    duration_minutes = models.PositiveSmallIntegerField(_("own duration, minutes"), null=True, blank=True)

    class Meta:
        verbose_name = _("who does what")
        verbose_name_plural = _("who does what")
        ordering = ["staff", "service", "pk"]
        constraints = [
            SameSalon(field="staff", name="salons_staffservice_same_salon_staff"),
            SameSalon(field="service", name="salons_staffservice_same_salon_service"),
            models.UniqueConstraint(
                fields=["staff", "service"],
                name="salons_staffservice_once",
                violation_error_message=_("This staff member does this service already."),
            ),
            models.CheckConstraint(
                condition=Q(price_amount__isnull=True) | Q(price_amount__gt=0),
                name="salons_staffservice_price",
                violation_error_message=_("A price is greater than zero."),
            ),
            models.CheckConstraint(
                condition=Q(duration_minutes__isnull=True) | Q(duration_minutes__range=(5, 1440)),
                name="salons_staffservice_duration",
                violation_error_message=_("A service takes between 5 minutes and 24 hours."),
            ),
        ]

    def __str__(self):
        return f"{self.staff} · {self.service}"
