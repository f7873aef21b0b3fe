"""The calendar of the day: a page that stays open, what it polls, and what is done on it by dragging and typing.

The page asks for days as JSON and is answered 304 while nothing changed. A refusal is an answer, not a failure: 200
with `done` false and every reason in words. What was not understood is 400, what is not there (or not theirs) 404.
"""

import hashlib
import json
from functools import partial, wraps
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.bookings import services
from apps.bookings.admin.calendar_forms import DaysForm, LengthForm, MoveForm, WalkInForm
from apps.bookings.admin.calendar_json import days_json, paid_text
from apps.bookings.admin.calendar_page import page_context
from apps.bookings.admin.dialogs import with_version
from apps.bookings.admin.length import resized
from apps.bookings.admin.telling import warn_of_overlaps
from apps.bookings.admin.times import NOT_FREE, by_salon_clock, nearest_slots, reasons_by_person, time_text
from apps.bookings.day_view import calendar_salons, load_days
from apps.bookings.models import Booking
from apps.bookings.money import money, paid_of
from apps.bookings.selectors import ONE_DAY, TIMELESS, rivals
from apps.common.admin.dialogs import attempt
from apps.common.errors import Forbidden, Missing
from apps.common.scope import visible_rows
from apps.salons.models import Service, Staff

NAME = "bookings_booking_calendar"
# Nobody is booked past these, whatever the reason.
NEVER = {"salon_closed", "staff_inactive", "not_able", "no_time"}
MOST_SUGGESTIONS = 3


class NotUnderstood(Exception):
    """What was sent makes no sense; the text says what."""


def answered(view):
    """`view`, whose wrong questions are answered in JSON."""

    @wraps(view)
    def wrapped(self, request):
        try:
            return view(self, request)
        except NotUnderstood as error:
            return JsonResponse({"detail": str(error)}, status=400)
        except (Http404, Booking.DoesNotExist):
            return JsonResponse({"detail": str(Missing.message)}, status=404)
        except PermissionDenied:
            return JsonResponse({"detail": str(Forbidden.message)}, status=403)

    return wrapped


class CalendarMixin:
    """Pages below `calendar/` of the admin of bookings."""

    def get_urls(self):
        views = {
            "": ("", require_GET(self.calendar_view)),
            "days/": ("_days", require_GET(self.calendar_days_view)),
            "panel/": ("_panel", require_GET(self.calendar_panel_view)),
            "move/": ("_move", require_POST(self.calendar_move_view)),
            "length/": ("_length", require_POST(self.calendar_length_view)),
            "walk-in/": ("_walk_in", require_POST(self.calendar_walk_in_view)),
        }
        pages = [
            path(f"calendar/{place}", self.admin_site.admin_view(view), name=f"{NAME}{name}")
            for place, (name, view) in views.items()
        ]
        return [*pages, *super().get_urls()]

    # --- Reading ---

    def calendar_view(self, request):
        if not self.may(request, "view"):
            raise PermissionDenied
        request.current_app = self.admin_site.name
        context = {**self.admin_site.each_context(request), **page_context(request, NAME)}
        return TemplateResponse(request, "bookings/admin/calendar.html", context)

    @answered
    def calendar_days_view(self, request):
        self._ensure_may(request, "view")
        said = _understood(DaysForm(request.GET))
        salon = calendar_salons(request.user).filter(pk=said["salon"]).first()
        if salon is None:
            raise Http404
        last = said["day"] + (said["days"] - 1) * ONE_DAY
        days = load_days(salon, said["day"], last, reader=request.user, now=timezone.now())
        # What is sent is its own version. It hangs on visits, money, names, hours, absences, prayers, rights, words and
        # the clock, at which a hold runs out: nothing cheaper moves with all of them, and an older day must not stay.
        body = json.dumps(days_json(days, reader=request.user), ensure_ascii=False).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        response = HttpResponse(body, content_type="application/json", headers={"ETag": etag})
        return get_conditional_response(request, etag=etag, response=response)

    @answered
    def calendar_panel_view(self, request):
        self._ensure_may(request, "view")
        booking = self._visit(request, request.GET.get("booking"), "view")
        buttons = self._get_actions_navigation(
            self.actions_detail, self.get_actions_detail(request, str(booking.pk)), str(booking.pk)
        )
        for button in _flat(buttons):
            button["path"] = with_version(button["path"], booking.version)
        paid = paid_of(booking, money().received_for([booking], reader=request.user))
        context = {
            "booking": booking,
            "when": _when_text(booking),
            "paid": paid,
            "paid_text": paid_text(paid),
            "phone": self.display_phone(booking),
            "price": self.display_price(booking),
            "buttons": list(_flat(buttons)),
            "page": reverse("admin:bookings_booking_change", args=[booking.pk]),
        }
        return TemplateResponse(request, "bookings/admin/calendar_panel.html", context)

    # --- Writing ---

    @answered
    def calendar_move_view(self, request):
        said, booking = self._asked_about(request, MoveForm, "reschedule")
        staff = visible_rows(Staff, request.user).filter(pk=said["staff"], salon=booking.salon_id).first()
        if staff is None:
            raise Http404
        starts_at = by_salon_clock(said["starts_at"], booking.salon)
        move = {
            "booking_id": booking.pk,
            "staff_id": staff.pk,
            "starts_at": starts_at,
            "override_reason": said["reason"],
        }
        use_case = partial(services.reschedule_booking, actor=request.user, seen_version=said["version"], **move)
        answer = partial(self._refusal, request, booking.service, staff, starts_at, booking, said["reason"])
        return self._carried_out(request, use_case, answer)

    @answered
    def calendar_length_view(self, request):
        said, booking = self._asked_about(request, LengthForm, "reschedule")
        if said["override"] and not self.may(request, "override", booking):
            raise PermissionDenied
        override_reason = said["reason"] if said["override"] else ""
        length = {"booking_id": booking.pk, "minutes": said["minutes"], "reason": said["reason"]}
        use_case = partial(services.change_duration, actor=request.user, seen_version=said["version"], **length)
        about = booking.service, booking.staff, booking.starts_at, resized(booking, said["minutes"]), override_reason
        answer = partial(self._refusal, request, *about, ignored=TIMELESS)
        return self._carried_out(request, partial(use_case, override_reason=override_reason), answer)

    @answered
    def calendar_walk_in_view(self, request):
        self._ensure_may(request, "add")
        salon = calendar_salons(request.user).filter(pk=_number(request.POST.get("salon"))).first()
        if salon is None:
            raise Http404
        draft = Booking(salon=salon)
        if not self.may(request, "add", draft):
            raise PermissionDenied
        here = {"salon": salon, "is_active": True}
        form = WalkInForm(
            request.POST,
            services=visible_rows(Service, request.user).filter(**here),
            staff=visible_rows(Staff, request.user).filter(**here),
        )
        said = _understood(form)
        if said["reason"] and not self.may(request, "override", draft):
            raise PermissionDenied
        service, staff = said["service"], said["staff"]
        starts_at = said["starts_at"] and by_salon_clock(said["starts_at"], salon)
        use_case = partial(
            services.take_walk_in,
            actor=request.user,
            phone=said["phone"],
            name=said["name"],
            service_id=service.pk,
            staff_id=staff and staff.pk,
            starts_at=starts_at,
            override_reason=said["reason"],
            may_arrive=self.may(request, "arrive", draft),
            key=said["key"],
        )
        moment = starts_at or timezone.now().replace(second=0, microsecond=0)
        is_soon = moment < timezone.now() + ONE_DAY
        about = service, staff, moment, None, said["reason"]
        answer = partial(self._refusal, request, *about, ignored=TIMELESS if is_soon else (), suggests=True)
        return self._carried_out(request, use_case, answer)

    # --- Answers ---

    def _carried_out(self, request, use_case, refused):
        done = []
        refusal = attempt(lambda: done.append(use_case()))
        if refusal is not None:
            return JsonResponse({"done": False, "code": refusal.code, "text": str(refusal), **refused(refusal)})
        [booking] = done
        warn_of_overlaps(request, booking)
        told = {
            "customer": booking.visitor,
            "staff": booking.staff,
            "time": time_text(booking.starts_at, booking.salon),
        }
        return JsonResponse(
            {
                "done": True,
                "booking": str(booking.pk),
                "version": booking.version,
                "text": _("%(customer)s · %(time)s · %(staff)s") % told,
                # They were meant for the next page; here is none.
                "warnings": [str(message) for message in messages.get_messages(request)],
            }
        )

    def _refusal(
        self, request, service, staff, starts_at, moving, override_reason, refusal, *, ignored=(), suggests=False
    ):
        """What an answer says of a refusal besides its own words: every reason, the way round it, times instead."""
        if not isinstance(refusal, NOT_FREE):
            may_insist = refusal.code == "customer_blocked" and staff is not None
            return {"reasons": [], "may_override": may_insist and self._may_override(request, service)}
        people = (
            [] if override_reason else reasons_by_person(service, staff, starts_at, reader=request.user, moving=moving)
        )
        found = [(who, one) for who, reasons in people for one in reasons if one.code not in ignored]
        minutes = moving.duration_minutes if moving else service.duration_minutes
        is_possible = (
            staff is not None and not override_reason and not NEVER.intersection(one.code for _w, one in found)
        )
        answer = {
            "reasons": [{"who": "" if staff else str(who), "text": str(one)} for who, one in found],
            "may_override": is_possible
            and self._may_override(request, service)
            and not _is_taken(staff, starts_at, minutes, moving),
        }
        if suggests:
            slots = nearest_slots(service, max(starts_at, timezone.now()), staff=staff)
            later = [slot for slot in slots if slot.starts_at > starts_at][:MOST_SUGGESTIONS]
            answer["nearest"] = [_suggestion(slot, service.salon) for slot in later]
        return answer

    def _may_override(self, request, service):
        return self.may(request, "override", Booking(salon=service.salon))

    # --- Who asks about what ---

    def _ensure_may(self, request, verb):
        if not self.may(request, verb):
            raise PermissionDenied

    def _asked_about(self, request, form_class, verb):
        self._ensure_may(request, verb)
        said = _understood(form_class(request.POST))
        booking = self._visit(request, said["booking"], verb)
        if form_class is MoveForm and said["reason"] and not self.may(request, "override", booking):
            raise PermissionDenied
        return said, booking

    def _visit(self, request, key, verb):
        booking = self.row(request, key or "-")
        if booking is None:
            raise Http404
        if not self.may(request, verb, booking):
            raise PermissionDenied
        return booking


def _understood(form):
    """What a form says. Raises NotUnderstood with its first complaint."""
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        field = form.fields.get(name)
        label = f"{field.label}: " if field is not None and field.label else ""
        raise NotUnderstood(f"{label}{errors[0]}")
    return form.cleaned_data


def _number(text):
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None


def _flat(buttons):
    """Buttons, those inside menus too."""
    for button in buttons:
        if button.get("items"):
            yield from _flat(button["items"])
        else:
            yield button


def _when_text(booking):
    minutes = booking.duration_minutes
    said = {"time": time_text(booking.starts_at, booking.salon), "minutes": minutes}
    return ngettext("%(time)s · %(minutes)s min", "%(time)s · %(minutes)s min", minutes) % said


def _is_taken(staff, starts_at, minutes, moving):
    """Whether another visit (its buffers do not matter) takes some of this time: nothing overrides that."""
    others = rivals(timezone.now(), moving and moving.pk).active().filter(staff=staff)
    ends_at = starts_at + minutes * (ONE_DAY / 1440)
    return others.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exists()


def _suggestion(slot, salon):
    local = slot.starts_at.astimezone(ZoneInfo(salon.timezone))
    return {
        "start": local.replace(tzinfo=None).isoformat(timespec="minutes"),
        "text": time_text(slot.starts_at, salon),
        "staff": str(slot.staff_ids[0]),
    }
