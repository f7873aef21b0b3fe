"""Answers what a change of hours, people or services does to visits: the keeper of `apps.salons.consequences`."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from functools import partial
from heapq import nsmallest
from operator import itemgetter
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.bookings import selectors, services
from apps.bookings.availability import MINUTES_A_DAY, Cause, obstacles, offered_starts, to_datetime, to_minutes
from apps.bookings.errors import BookingChanged
from apps.bookings.explanations import stranded_visits
from apps.bookings.locks import lock_calendars
from apps.bookings.models import Booking
from apps.common.errors import DomainError, Forbidden
from apps.common.reader import shown_phone
from apps.salons.consequences import Place, StrandedVisit, Wish
from apps.salons.models import Service, Staff, StaffService

# Where a visit may move to: how far from its time, on how many days, and to how many times on each.
AROUND = timedelta(days=7)
MOST_DAYS, MOST_A_DAY = 4, 3
# A minute since the epoch, whether customers are offered it, and with whom.
_Start = tuple[int, bool, Staff]


def stranded(salon_id):
    """Visits ahead that the salon's calendar does not cover: `{booking id: [Reason, …]}`."""
    return stranded_visits(salon_id, now=timezone.now())


def describe(stranded, *, actor, listed):
    """The visits as StrandedVisit, by time, the first `listed` with places. Five queries, however many in a salon."""
    rows = Booking.objects.filter(pk__in=stranded).select_related("salon", "customer__user", "staff", "service")
    bookings = list(rows.order_by("starts_at", "pk"))
    places = _places([booking for booking in bookings[:listed] if _may(actor, "reschedule", booking)], actor)
    return [
        StrandedVisit(
            key=_key(booking),
            starts_at=_local(booking.starts_at, booking.salon),
            customer=booking.visitor,
            phone=shown_phone(booking.customer.user.phone, booking, reader=actor),
            service=booking.service_name,
            staff=str(booking.staff),
            staff_id=booking.staff_id,
            reasons=[reason.text for reason in stranded[booking.pk]],
            places=places.get(booking.pk, ()),
            may_cancel=_may(actor, "cancel", booking),
        )
        for booking in bookings
    ]


def settle(decisions, *, actor, reason):
    """Keep, cancel or move each visit as decided, cancelling first: `{key: refusal}` of those that could not be."""
    ids = [_id(key) for key in decisions]
    hosts = {decision.staff_id for decision in decisions.values() if isinstance(decision, Place)}
    lock_calendars(hosts.union(Booking.objects.filter(pk__in=ids).values_list("staff_id", flat=True)))
    rows = Booking.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids).order_by("pk")
    bookings = {_key(booking): booking for booking in rows}
    if gone := decisions.keys() - bookings.keys():
        return {key: BookingChanged() for key in gone}
    _keep([bookings[key] for key, decision in decisions.items() if decision == Wish.KEEP], actor=actor, reason=reason)
    changed = [key for key, decision in decisions.items() if decision != Wish.KEEP]
    refusals = {}
    for key in sorted(changed, key=lambda key: decisions[key] != Wish.CANCEL):
        try:
            _carry_out(decisions[key], bookings[key], actor=actor, reason=reason)
        except DomainError as refusal:
            refusals[key] = refusal
    return refusals


def count_upcoming(service_ids):
    """How many visits of these services lie ahead."""
    now = timezone.now()
    return selectors.rivals(now).active().filter(service__in=service_ids, starts_at__gt=now).count()


def count_of(card_id):
    """How many visits a customer's card has, past ones too."""
    return Booking.objects.filter(customer=card_id).count()


def hand_over(card, into, *, actor, reason):
    """Give all visits of `card` to the card `into` of the same salon; their references."""
    return [booking.reference for booking in services.hand_over(card=card, into=into, actor=actor, reason=reason)]


def _keep(bookings, *, actor, reason):
    """Nothing changes but the history, which says that somebody decided it."""
    why = _("Kept, although its time can no longer be booked: %(reason)s") % {"reason": reason}
    Booking.history.bulk_history_create(bookings, update=True, default_user=actor, default_change_reason=why)


def _carry_out(decision, booking, *, actor, reason):
    if not _may(actor, "cancel" if decision == Wish.CANCEL else "reschedule", booking):
        raise Forbidden
    step = {"actor": actor, "booking_id": booking.pk, "by": Booking.CancelledBy.SALON, "reason": reason}
    if decision == Wish.CANCEL:
        services.cancel_booking(**step)
    else:
        override = "" if decision.is_offered else reason
        place = {"starts_at": decision.starts_at, "staff_id": decision.staff_id, "override_reason": override}
        services.reschedule_booking(**step, **place)


def _may(actor, verb, booking):
    return booking.status in Booking.MOVABLE and actor.has_perm(f"bookings.{verb}_booking", booking)


def _places(bookings, actor):
    """`{booking id: [Place, …]}`: the free times nearest to each visit. Four queries for each salon."""
    now = timezone.now()
    found: dict[UUID, list[Place]] = {}
    for salon, visits in _by_salon(bookings).items():
        able = _able_staff(visits)
        everybody = {row.staff_id: row for rows in able.values() for row in rows}.values()
        moments = [_local(visit.starts_at, salon) for visit in visits]
        first, last = (min(moments) - AROUND).date(), (max(moments) + AROUND).date()
        calendars = selectors.load_calendars(salon, everybody, first, last, now=now)
        found |= {visit.pk: _nearest(visit, able[visit.service_id], calendars, actor) for visit in visits}
    return found


def _by_salon(bookings):
    grouped = defaultdict(list)
    for booking in bookings:
        grouped[booking.salon].append(booking)
    return grouped


def _able_staff(bookings):
    """`{service id: [StaffService, …]}` of whoever may be booked for these visits."""
    able = defaultdict(list)
    bookable = Service.objects.bookable().filter(pk__in={booking.service_id for booking in bookings})
    rows = StaffService.objects.filter(service__in=bookable, staff__is_active=True)
    for row in rows.select_related("staff").order_by("staff__position", "staff_id"):
        able[row.service_id].append(row)
    return able


def _nearest(booking, able, calendars, actor):
    """Places by time: the nearest ones with the same person, and the nearest ones with others."""
    may_override = _may(actor, "override", booking)
    same: list[_Start] = []
    others: list[_Start] = []
    for row in able:
        calendar, group = calendars[row.staff_id], others
        if row.staff_id == booking.staff_id:
            calendar, group = _without(calendar, booking), same
        group += _free_starts(calendar, row.staff, booking, may_override=may_override)
    chosen = [*same, *_closest(others, to_minutes(booking.starts_at))]
    return [
        Place(_local(to_datetime(minute), booking.salon), staff.pk, str(staff), is_offered)
        for minute, is_offered, staff in sorted(chosen, key=itemgetter(0))
    ]


def _free_starts(calendar, staff, booking, *, may_override):
    """The nearest free times with `staff`; the very time of the visit also at short notice and off the grid."""
    wanted = to_minutes(booking.starts_at)
    offer = selectors.Offer(staff, booking.duration_minutes, booking.price_amount)
    visit = selectors.visit_of(offer, booking, booking.salon)
    offered = offered_starts(_around(calendar, wanted), visit)
    if wanted in offered or not may_override:
        return _closest([(minute, True, staff) for minute in offered], wanted)
    is_free = all(cause in selectors.TIMELESS for *_when, cause in obstacles(calendar, visit, wanted))
    very_time = [(wanted, False, staff)] if is_free else []
    return _closest([*very_time, *((minute, True, staff) for minute in offered)], wanted)


def _closest(starts, wanted):
    """Of the days nearest to `wanted` that have any, the times nearest to that time of day."""
    by_day = defaultdict(list)
    for start in starts:
        by_day[round((start[0] - wanted) / MINUTES_A_DAY)].append(start)
    days = sorted(by_day, key=abs)[:MOST_DAYS]
    return [
        start
        for day in days
        for start in nsmallest(MOST_A_DAY, by_day[day], key=partial(_distance, wanted + day * MINUTES_A_DAY))
    ]


def _distance(wanted, start):
    return abs(start[0] - wanted)


def _around(calendar, wanted):
    reach = AROUND // timedelta(minutes=1)
    earliest, latest = max(calendar.earliest, wanted - reach), min(calendar.latest, wanted + reach)
    return replace(calendar, earliest=earliest, latest=latest)


def _without(calendar, booking):
    """`calendar` as if `booking` were not in it: no two bookings of one person occupy the same time."""
    own = (to_minutes(booking.occupied_from), to_minutes(booking.occupied_until), Cause.BOOKING)
    return replace(calendar, blocks=[block for block in calendar.blocks if block != own])


def _key(booking):
    return f"{booking.pk}.{booking.version}"


def _id(key):
    return key.rpartition(".")[0]


def _local(moment, salon):
    return moment.astimezone(ZoneInfo(salon.timezone))
