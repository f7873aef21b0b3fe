from apps.accounts.models import DataRequest, User
from apps.common.resources import ScopedResource


class UserResource(ScopedResource):
    """People, to be read elsewhere; nobody is imported."""

    class Meta:
        model = User
        fields = ("phone", "name", "locale", "marketing_consent", "is_active", "created_at")


class DataRequestResource(ScopedResource):
    """Requests under the data protection law, for the record."""

    class Meta:
        model = DataRequest
        fields = ("user__phone", "kind", "status", "due_on", "created_at", "note")
