from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.common.constraints import SameSalon
from apps.common.models import Named, has_name
from apps.salons.models.base import SalonOwned, salon_key
from apps.salons.models.catalogue import Staff
from apps.salons.querysets import OwnScheduleQuerySet, WeeklyHoursQuerySet


class ScheduleException(Named, SalonOwned):
    """Days that differ from the usual week: a closed day, special hours, or a season such as Ramadan.

    Its own rows of WeeklyHours replace the usual ones from `starts_on` to `ends_on`; without any, it is closed.
    Without a staff member it counts for the whole salon.
    """

    class Kind(models.TextChoices):
        CLOSED = "closed", _("closed")
        SPECIAL_HOURS = "special_hours", _("special hours")
        SEASON = "season", _("season")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.CLOSED)
    staff = models.ForeignKey(
        Staff, models.CASCADE, null=True, blank=True, related_name="schedule_exceptions", verbose_name=_("staff member")
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))

    objects = OwnScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = _("closed day or season")
        verbose_name_plural = _("closed days and seasons")
        ordering = ["-starts_on", "-pk"]
        indexes = [models.Index(fields=["salon", "-starts_on", "-id"], name="salons_exception_by_day")]
        constraints = [
            salon_key("salons_scheduleexception"),
            has_name("salons_scheduleexception"),
            SameSalon(field="staff", name="salons_scheduleexception_same_salon_staff"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="salons_scheduleexception_order",
                violation_error_message=_("The last day is not before the first."),
            ),
        ]


class WeeklyHours(SalonOwned):
    """One working window on one weekday, in salon time. Several on a day are a split shift; a break lies inside one.

    Without a staff member: the salon's opening hours. A window may run past midnight (`ends_next_day`); one that ends
    at 24:00 ends at 00:00 of the next day. With an `exception` it counts only during that exception.
    """

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    staff = models.ForeignKey(
        Staff, models.CASCADE, null=True, blank=True, related_name="weekly_hours", verbose_name=_("staff member")
    )
    exception = models.ForeignKey(
        ScheduleException,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="weekly_hours",
        verbose_name=_("only during"),
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    opens = models.TimeField(_("from"))
    closes = models.TimeField(_("until"))
    ends_next_day = models.BooleanField(_("until the next day"), default=False)
    is_break = models.BooleanField(
        _("break"), default=False, help_text=_("Nobody is booked in it. Without a staff member: a break of everybody.")
    )
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    objects = WeeklyHoursQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("one entry", "working hours")
        verbose_name_plural = _("working hours")
        ordering = ["salon", "staff", "weekday", "opens", "pk"]
        constraints = [
            SameSalon(field="staff", name="salons_weeklyhours_same_salon_staff"),
            SameSalon(field="exception", name="salons_weeklyhours_same_salon_exception"),
            models.CheckConstraint(
                condition=Q(weekday__range=(0, 6)),
                name="salons_weeklyhours_weekday",
                violation_error_message=_("A week has seven days."),
            ),
            models.CheckConstraint(
                condition=Q(ends_next_day=False, closes__gt=F("opens")) | Q(ends_next_day=True, closes__lte=F("opens")),
                name="salons_weeklyhours_order",
                violation_error_message=_(
                    "The end lies after the start; for a night shift or 24:00 tick “until the next day”."
                ),
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="salons_weeklyhours_validity",
                violation_error_message=_("The last day is not before the first."),
            ),
        ]

    def clean(self):
        super().clean()
        for name in ("opens", "closes"):
            moment = getattr(self, name)
            if moment and (moment.second or moment.microsecond):
                raise ValidationError({name: _("Enter full minutes.")})

    def __str__(self):
        hours = f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"
        return f"{hours} · {_('break')}" if self.is_break else hours

    def is_in_force(self, day):
        """Whether its validity covers `day`."""
        return (self.valid_from or day) <= day <= (self.valid_until or day)


class PrayerTime(SalonOwned):
    """When a prayer is called, entered by hand: from `starts_on` to `ends_on` it replaces the computed time."""

    class Prayer(models.TextChoices):
        FAJR = "fajr", _("Fajr")
        DHUHR = "dhuhr", _("Dhuhr")
        ASR = "asr", _("Asr")
        MAGHRIB = "maghrib", _("Maghrib")
        ISHA = "isha", _("Isha")

    prayer = models.CharField(_("prayer"), max_length=8, choices=Prayer.choices)
    called_at = models.TimeField(_("called at"))
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))

    class Meta:
        verbose_name = _("prayer time")
        verbose_name_plural = _("prayer times")
        ordering = ["-starts_on", "called_at", "-pk"]
        indexes = [models.Index(fields=["salon", "-starts_on", "-id"], name="salons_prayertime_by_day")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="salons_prayertime_order",
                violation_error_message=_("The last day is not before the first."),
            ),
        ]

    def __str__(self):
        return f"{self.get_prayer_display()} {self.called_at:%H:%M}"


class TimeOff(SalonOwned):
    """A time in which a staff member does not work, of any length: a doctor's visit, a holiday."""

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="time_off", verbose_name=_("staff member"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=160, blank=True)

    objects = OwnScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("one entry", "time off")
        verbose_name_plural = _("time off")
        ordering = ["-starts_at", "-pk"]
        indexes = [
            models.Index(fields=["salon", "-starts_at", "-id"], name="salons_timeoff_newest"),
            models.Index(fields=["staff", "starts_at", "ends_at"], name="salons_timeoff_by_staff"),
        ]
        constraints = [
            SameSalon(field="staff", name="salons_timeoff_same_salon_staff"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="salons_timeoff_order",
                violation_error_message=_("The end lies after the start."),
            ),
        ]

    def __str__(self):
        return self.reason or str(self.staff)
