"""What accounts keeps of what happens in the admin."""

from apps.accounts.models import ExportLog
from apps.common.events import RowsExported


def log_export(event: RowsExported) -> None:
    """Note down a spreadsheet before it leaves."""
    ExportLog.objects.create(
        actor_id=event.actor_id,
        model_label=event.model,
        file_format=event.file_format,
        filters=event.filters,
        row_count=event.row_count,
        salons=", ".join(event.salons),
        network=event.network,
    )
