import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from apps.common.doors import Door, current_door
from apps.common.text import localized, search_key
from apps.common.trace import LONGEST_ID, concerns_salon, current_request_id


class Versions(HistoricalRecords):
    """Beside who, when and why, every version keeps the door it came through and the number of the request, which the
    log has too. Those of a salon are found by day.
    """

    def get_extra_fields(self, model, fields):
        door = models.CharField(
            _("way in"), max_length=8, choices=Door.choices, default=current_door, db_default="", blank=True
        )
        # NULL on lines from before numbers were kept. Without a default of the database, the migration that adds the
        # column would write the number of its own run into all of them.
        request = models.CharField(
            _("request number"), max_length=LONGEST_ID, null=True, default=current_request_id, db_default=None
        )
        return {**super().get_extra_fields(model, fields), "history_door": door, "history_request": request}

    def create_historical_record(self, instance, history_type, using=None):
        concerns_salon(getattr(instance, "salon_id", None))
        super().create_historical_record(instance, history_type, using)

    def get_meta_options(self, model):
        options = super().get_meta_options(model)
        if any(field.name == "salon" for field in model._meta.fields):
            options["indexes"] = [models.Index(fields=["salon", "-history_date", "-history_id"])]
        return options


def tracked_history(**kwargs):
    """HistoricalRecords as every model here keeps them. The settings say that a reason has any length: a field given
    here would be one for all tables, and an update of it would go to the table that took it last.
    """
    # The index over the salon alone would be a second one that begins with it.
    return Versions(no_db_index=["salon"], **kwargs)


class Tracked(models.Model):
    """A business row: knows when it was made and last changed, and keeps who changed what and why."""

    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    history = tracked_history(inherit=True)

    class Meta:
        abstract = True


class PublicId(models.Model):
    """A row that the API names: by a UUID, which says nothing of how many there are."""

    public_id = models.UUIDField(_("public number"), default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True


class Named(models.Model):
    """A thing named in Arabic and English; either may be left out, not both."""

    name_ar = models.CharField(_("Arabic name"), max_length=160, blank=True)
    name_en = models.CharField(_("English name"), max_length=160, blank=True)
    search_text = models.CharField(max_length=400, blank=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self):
        return self.name

    def clean(self):
        super().clean()
        # Before a form judges the rules over it, such as a name that is there already.
        self.search_text = search_key(self.name_ar, self.name_en)

    def save(self, *args, **kwargs):
        # Derived in one place, so that every door (admin, import, fixtures, services) leaves the row findable.
        self.search_text = search_key(self.name_ar, self.name_en)
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "search_text"}
        super().save(*args, **kwargs)

    @property
    def name(self):
        """The name in the active language, the other one where it is missing."""
        return localized(self.name_ar, self.name_en)


def has_name(prefix):
    """The constraint every Named model carries: a name in at least one language."""
    return models.CheckConstraint(
        condition=~models.Q(name_ar="") | ~models.Q(name_en=""),
        name=f"{prefix}_has_name",
        violation_error_code="name_required",
        violation_error_message=_("Enter a name in Arabic or in English."),
    )
