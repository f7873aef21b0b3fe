"""What leaves as a spreadsheet; nothing of it is imported."""

from apps.accounts.models import DataRequest, User
from apps.common.resources import export_of

UserExport = export_of(User, "phone", "name", "locale", "marketing_consent", "is_active", "created_at")
DataRequestExport = export_of(
    DataRequest, "user__phone", "user__name", "kind", "status", "due_on", "created_at", "note"
)
