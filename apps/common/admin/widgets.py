"""Widgets that stay calm about what strangers post."""

from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import SuspiciousOperation

from apps.common.scope import ensure_keys


class AutocompleteWidget(AutocompleteSelect):
    """Shows the chosen row. The stock widget looks up whatever was posted and crashes on what is no key."""

    def optgroups(self, name, value, attr=None):
        return super().optgroups(name, [key for key in value if not key or self._is_key(key)], attr)

    def _is_key(self, key):
        try:
            ensure_keys(self.field.remote_field.model, [key])
        except SuspiciousOperation:
            return False
        return True
