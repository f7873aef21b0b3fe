"""Free times made by the database alone: one statement that lays a grid and leaves out what is taken."""

from datetime import date, datetime, time, timedelta

from django.db import connection

from apps.bookings.availability import to_minutes
from apps.salons.models import Service
from project.bench.world import ZONE

STATEMENT = """
    WITH RECURSIVE day(number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM day WHERE number < %(last)s),
    step(number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM step WHERE number < 1440 / %(step)s),
    grid AS (
        SELECT hours.staff_id, %(midnight)s + day.number * 1440 + {opens} + step.number * %(step)s AS start
        FROM day
        JOIN salons_weeklyhours AS hours ON hours.weekday = (%(weekday)s + day.number) %% 7
        JOIN salons_staffservice AS skill ON skill.staff_id = hours.staff_id AND skill.service_id = %(service)s
        JOIN step ON {opens} + step.number * %(step)s + %(duration)s <= {closes}
        LEFT JOIN salons_scheduleexception AS exception
            ON exception.salon_id = %(salon)s
            AND exception.starts_on <= {day} AND exception.ends_on >= {day}
        WHERE exception.id IS NULL
    ),
    visit AS (
        SELECT staff_id, start, {occupied_from} AS occupied_from, {occupied_until} AS occupied_until
        FROM grid WHERE start >= %(earliest)s
    )
    SELECT visit.start, visit.staff_id
    FROM visit
    LEFT JOIN bookings_booking AS booking
        ON booking.staff_id = visit.staff_id AND booking.status IN ('pending', 'confirmed', 'arrived')
        AND booking.occupied_from < visit.occupied_until AND booking.occupied_until > visit.occupied_from
        AND booking.occupied_from > {long_ago}
    LEFT JOIN salons_timeoff AS away
        ON away.staff_id = visit.staff_id
        AND away.starts_at < visit.occupied_until AND away.ends_at > visit.occupied_from
    WHERE booking.id IS NULL AND away.id IS NULL
    ORDER BY visit.start, visit.staff_id
"""
BEFORE, AFTER, LONG_AGO = "start - %(before)s", "start + %(duration)s + %(after)s", "start - 2880"
POSTGRESQL = {
    "opens": "(extract(epoch FROM hours.opens)::int / 60)",
    "closes": "(extract(epoch FROM hours.closes)::int / 60)",
    "day": "(%(first)s::date + day.number)",
    "occupied_from": f"to_timestamp(({BEFORE}) * 60)",
    "occupied_until": f"to_timestamp(({AFTER}) * 60)",
    "long_ago": f"to_timestamp(({LONG_AGO}) * 60)",
}
SQLITE = {
    "opens": "(unixepoch('1970-01-01 ' || hours.opens) / 60)",
    "closes": "(unixepoch('1970-01-01 ' || hours.closes) / 60)",
    "day": "date(%(first)s, day.number || ' days')",
    "occupied_from": f"datetime(({BEFORE}) * 60, 'unixepoch')",
    "occupied_until": f"datetime(({AFTER}) * 60, 'unixepoch')",
    "long_ago": f"datetime(({LONG_AGO}) * 60, 'unixepoch')",
}


def slots_by_sql(service: Service, first: date, last: date, now: datetime) -> list[tuple[int, int]]:
    """(start in minutes since the epoch, staff key) by time, for a zone without clock changes."""
    salon = service.salon
    notice = now + timedelta(minutes=salon.lead_time_minutes, seconds=59, microseconds=999_999)
    spelling = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENT.format(**spelling),
            {
                "salon": salon.pk,
                "service": service.pk,
                "first": first.isoformat(),
                "weekday": first.weekday(),
                "last": (last - first).days,
                "midnight": to_minutes(datetime.combine(first, time.min, ZONE)),
                "earliest": to_minutes(notice),
                "step": salon.slot_step_minutes,
                "duration": service.duration_minutes,
                "before": service.buffer_before_minutes,
                "after": service.buffer_after_minutes,
            },
        )
        found: list[tuple[int, int]] = cursor.fetchall()
    return found
