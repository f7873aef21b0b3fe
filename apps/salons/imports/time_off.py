"""Holidays, sick days and hours away."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Rejected
from apps.common.imports import moments
from apps.common.imports.columns import Columns
from apps.common.imports.kinds import Field
from apps.common.imports.report import shown
from apps.common.imports.rows import Empty, Row
from apps.salons.imports.base import SALON_FIELD, People, ScheduleImporter, text
from apps.salons.imports.hours import STAFF, STAFF_CODE, person_of
from apps.salons.models import TimeOff


def _wall_clock(moment: datetime, time_off: TimeOff) -> str:
    return f"{timezone.localtime(moment, ZoneInfo(time_off.salon.timezone)):%Y-%m-%d %H:%M}"


FIELDS = (
    STAFF_CODE,
    STAFF,
    Field(
        key="starts_at",
        arabic="من",
        english="From",
        synonyms=("starts at", "start"),
        parse=moments.moment,
        empty=Empty.REFUSED,
        export=lambda row: _wall_clock(row.starts_at, row),
    ),
    Field(
        key="ends_at",
        arabic="إلى",
        english="Until",
        synonyms=("ends at", "end", "حتى"),
        parse=moments.moment,
        attribute="ends_at",
        empty=Empty.REFUSED,
        export=lambda row: _wall_clock(row.ends_at, row),
    ),
    text("reason", "السبب", "Reason"),
)


class TimeOffImporter(ScheduleImporter[TimeOff]):
    """A row finds its time off by person and beginning. Times are those of the salon's clock."""

    model = TimeOff
    fields = (SALON_FIELD, *FIELDS)
    columns = Columns(fields, needed=(("staff", "staff_code"), ("starts_at",), ("ends_at",)))
    shown_of_new = ("starts_at", "ends_at", "reason")

    def load(self) -> None:
        self.zone = ZoneInfo(self.salon.timezone)
        self.people = People(self.salon)
        begins = [row.values["starts_at"].replace(tzinfo=self.zone) for row in self.rows]
        stored = TimeOff.objects.filter(salon=self.salon, starts_at__range=(min(begins), max(begins)))
        self.stored: dict[tuple[int, datetime], TimeOff] = {}
        for time_off in stored.select_related("staff").order_by("pk"):
            time_off.ends_at = time_off.ends_at.astimezone(self.zone)
            self.stored.setdefault((time_off.staff_id, time_off.starts_at), time_off)

    def adapted(self, row: Row) -> Row:
        person = person_of(self.people, row)
        if person is None:
            raise Rejected(_("Say who is away."), code="staff_missing", field="staff")
        moments = {key: row.values[key].replace(tzinfo=self.zone) for key in ("starts_at", "ends_at")}
        return replace(row, values={**row.values, **moments, "person": person})

    def find(self, row: Row) -> TimeOff | None:
        return self.stored.get((row.values["person"].pk, row.values["starts_at"]))

    def make(self, row: Row) -> TimeOff:
        person, starts_at = row.values["person"], row.values["starts_at"]
        time_off = TimeOff(salon=self.salon, staff=person, starts_at=starts_at)
        self.stored[person.pk, starts_at] = time_off
        return time_off

    def check(self, instance: TimeOff, row: Row) -> None:
        if instance.ends_at <= instance.starts_at:
            raise Rejected(_("The end lies after the start."), code="time_off_order", field="ends_at")

    def name_of(self, instance: TimeOff) -> str:
        return f"{instance.staff.name} · {shown(instance.starts_at.astimezone(self.zone))}"
