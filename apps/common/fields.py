from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.common.phones import is_placeholder, normalize_phone

INVALID_PHONE = _("Enter a valid phone number, for example 0551234567 or +966551234567.")


def validate_phone(raw):
    """E.164 of `raw`; raises ValidationError `phone_invalid`."""
    if (phone := normalize_phone(raw)) is None:
        raise ValidationError(INVALID_PHONE, code="phone_invalid")
    return phone


class PhoneFormField(forms.CharField):
    """A phone in any spelling; cleans to E.164."""

    widget = forms.TextInput

    def to_python(self, value):
        value = super().to_python(value)
        return value if value in self.empty_values else validate_phone(value)

    def widget_attrs(self, widget):
        return {**super().widget_attrs(widget), "dir": "ltr", "inputmode": "tel", "autocomplete": "tel"}


class PhoneField(models.CharField):
    """A phone number, kept as E.164 text; lookups and saves accept any spelling people use.

    A plain str in Python, because everything that shows, hashes or slices a user name expects one. `is_public` says
    that it is a business's number, which everybody may read; a person's is shown as the reader's rights allow.
    """

    default_error_messages = {"invalid": INVALID_PHONE}

    def __init__(self, *args, is_public=False, **kwargs):
        kwargs.setdefault("max_length", 20)
        super().__init__(*args, **kwargs)
        self.is_public = is_public

    def to_python(self, value):
        value = super().to_python(value)
        # The placeholder of an erased person is stored as it is; no form takes one.
        return value if value in self.empty_values or is_placeholder(value) else validate_phone(value)

    def get_prep_value(self, value):
        """What a lookup compares with: a text that is no phone matches nothing, as any other unknown one."""
        return value if value in self.empty_values else normalize_phone(value) or str(value)

    def get_db_prep_save(self, value, connection):
        """What is stored: only a phone, whether or not the caller validated the row first."""
        return super().get_db_prep_save(value if hasattr(value, "as_sql") else self.to_python(value), connection)

    def formfield(self, **kwargs):
        return super().formfield(**{"form_class": PhoneFormField, **kwargs})
