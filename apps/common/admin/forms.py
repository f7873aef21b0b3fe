"""Forms and formsets of salon-owned rows: the salon is given by the page, never typed over."""

from django import forms
from django.core.exceptions import ValidationError
from unfold.forms import PaginationInlineFormSet

from apps.common.models import Named

LONGEST_PAGE = 9


class ScopedModelForm(forms.ModelForm):
    """Every admin form of a salon-owned row. A new row gets `default_salon` when the page offers no choice.

    The salon takes part in validation although the form may not show it, so that rules over (salon, …) are judged
    here, in the reader's language, and not by the database.
    """

    default_salon = None
    # Values by field that an unsent form shows instead of those of its row.
    begins_with = None

    def __init__(self, *args, **kwargs):
        if self.begins_with:
            kwargs["initial"] = {**self.begins_with, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        if self.default_salon is not None and self.instance.salon_id is None:
            self.instance.salon = self.default_salon

    def _get_validation_exclusions(self):
        excluded = super()._get_validation_exclusions()
        if getattr(self.instance, "salon_id", None):
            excluded.discard("salon")
        if isinstance(self.instance, Named):
            excluded.discard("search_text")
        return excluded


class ManyChoicesField(forms.ModelMultipleChoiceField):
    """Django's, which crashes on SQLite when a number is too large for a key."""

    def clean(self, value):
        try:
            return super().clean(value)
        except OverflowError as error:
            raise ValidationError(self.error_messages["invalid_list"], code="invalid_list") from error


class ScopedInlineFormSet(PaginationInlineFormSet):
    """Rows shown inside another row: new ones belong to the salon of that row."""

    def get_page_num(self):
        """The asked page of the rows. The stock one crashes on what is numeric and no number ("²"), and on page 00."""
        for given in (self.request.GET, self.request.POST):
            page = given.get(self.get_pagination_key(), "")
            if page.isdecimal() and int(page[:LONGEST_PAGE]) > 0:
                return int(page[:LONGEST_PAGE])
        return 1

    def _construct_form(self, i, **kwargs):
        form = super()._construct_form(i, **kwargs)
        salon = getattr(self.instance, "salon", None) or self._salon_itself()
        if salon is not None and hasattr(form.instance, "salon_id") and form.instance.salon_id is None:
            form.instance.salon = salon
        return form

    def _salon_itself(self):
        return self.instance if self.fk.name == "salon" and self.instance.pk else None
