"""Booking by customers. Every rule lives in `services`; another person's booking looks like a missing one."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.response import Response

from apps.accounts.api.idempotency import idempotent
from apps.accounts.errors import PersonErased
from apps.bookings import selectors, services
from apps.bookings.api.calendar import calendar_file
from apps.bookings.api.serializers import (
    SERVICES,
    STAFF,
    BookingQuery,
    BookingRequest,
    BookingSerializer,
    CancelRequest,
    QuoteQuery,
    QuoteSerializer,
    RescheduleRequest,
    ReviewRequest,
    SlotQuery,
    SlotsSerializer,
)
from apps.bookings.availability import midnight
from apps.bookings.errors import (
    BookingChanged,
    BookingRefused,
    NotReviewable,
    PriceChanged,
    QuoteInvalid,
    SlotNotOffered,
    SlotTaken,
    TooLate,
    TooManyBookings,
)
from apps.bookings.models import Booking
from apps.common.api.schema import refuses
from apps.common.errors import InvalidTransition, Missing
from apps.salons.api.views import OfSalon
from apps.salons.models import Staff

# Outside of them the arithmetic of time zones fails, and no booking lies there.
EARLIEST, LATEST = date(2000, 1, 1), date(9000, 1, 1)
BOOKING = (Missing(), SlotNotOffered(), SlotTaken(), BookingRefused(), TooManyBookings())
MOVED_ON = InvalidTransition(current="cancelled", target="cancelled")


class SlotList(OfSalon):
    query_class = SlotQuery
    pagination_class = None
    serializer_class = SlotsSerializer

    @extend_schema(responses=forced_singular_serializer(SlotsSerializer))
    def get(self, request, *args, **kwargs):
        """Free times of a service on the given days, earliest first, and who is free then."""
        asked = self.asked
        # What belongs to another salon looks like what is missing.
        here = {"salon": self.salon}
        service = get_object_or_404(SERVICES.select_related("salon"), public_id=asked["service"], **here)
        staff = get_object_or_404(STAFF, public_id=asked["staff"], **here) if "staff" in asked else None
        slots = selectors.free_slots(
            service, first=asked["from"], last=asked["to"], now=timezone.now(), staff_id=staff and staff.pk
        )
        return Response({"timezone": self.salon.timezone, "slots": self._bodies(slots)})

    def _bodies(self, slots):
        zone = ZoneInfo(self.salon.timezone)
        public = dict(Staff.objects.filter(salon=self.salon).values_list("pk", "public_id"))
        return [
            {
                "starts_at": slot.starts_at.astimezone(zone).isoformat(),
                "ends_at": slot.ends_at.astimezone(zone).isoformat(),
                "staff": [str(public[pk]) for pk in slot.staff_ids],
            }
            for slot in slots
        ]


class CustomersBookings(generics.GenericAPIView):
    """Addresses below `bookings/`. The body is given by the URL configuration, where payments add theirs to it."""

    serializer_class = BookingSerializer
    queryset = Booking.objects.none()

    def get_queryset(self):
        return self.serializer_class.related(Booking.objects.of_customer(self.request.user))

    def own_booking(self):
        """The booking named in the address, or a 404 that does not tell whether it exists."""
        return get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])

    def body(self, booking_id):
        """The booking as it is now."""
        return self.get_serializer(self.get_queryset().get(pk=booking_id)).data

    def read(self, form):
        """Validated data of the request's body by `form`."""
        data = form(data=self.request.data)
        data.is_valid(raise_exception=True)
        return data.validated_data


class BookingList(CustomersBookings, generics.ListCreateAPIView):
    def get_queryset(self):
        bookings = super().get_queryset()
        if self.request.method != "GET":
            return bookings
        query = BookingQuery(data=self.request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked, zone = query.validated_data, ZoneInfo(settings.TIME_ZONE)
        if "status" in asked:
            bookings = bookings.filter(status=asked["status"])
        if "from" in asked:
            bookings = bookings.filter(starts_at__gte=midnight(_within(asked["from"]), zone))
        if "to" in asked:
            bookings = bookings.filter(starts_at__lt=midnight(_within(asked["to"]), zone) + timedelta(days=1))
        return bookings

    @extend_schema(parameters=[BookingQuery])
    def get(self, request, *args, **kwargs):
        """Own bookings, newest first."""
        return super().get(request, *args, **kwargs)

    @refuses(*BOOKING, PriceChanged(price="130.00"), QuoteInvalid(field="quote"), PersonErased())
    @extend_schema(request=BookingRequest)
    @idempotent
    def post(self, request):
        """Book. The answer says whether the booking is firm, waits for the salon, or is held until paid."""
        asked = self.read(BookingRequest)
        staff = asked.get("staff")
        booking = services.book_appointment(
            actor=request.user,
            person=request.user,
            service_id=asked["service"].pk,
            staff_id=staff and staff.pk,
            starts_at=asked["starts_at"],
            note=asked.get("note", ""),
            guest_name=asked.get("guest_name", ""),
            quote=asked.get("quote", ""),
        )
        return Response(self.body(booking.pk), status=201)


class BookingQuote(generics.GenericAPIView):
    serializer_class = QuoteSerializer

    @refuses(*BOOKING)
    @extend_schema(parameters=[QuoteQuery], responses=QuoteSerializer)
    def get(self, request, *args, **kwargs):
        """What a booking would cost this customer, what is to be paid in advance and what cancelling it late costs."""
        query = QuoteQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        staff = asked.get("staff")
        booking, quote, until = services.quote_appointment(
            person=request.user,
            service_id=asked["service"].pk,
            staff_id=staff and staff.pk,
            starts_at=asked["starts_at"],
        )
        return Response(QuoteSerializer(booking, context={"quote": quote, "until": until}).data)


class BookingDetail(CustomersBookings):
    def get(self, request, *args, **kwargs):
        """One own booking."""
        return Response(self.get_serializer(self.own_booking()).data)


class BookingCalendar(CustomersBookings):
    def perform_content_negotiation(self, request, force=False):  # noqa: FBT002 - the signature is the framework's
        """Calendars ask for what they like; refusals are JSON as everywhere."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(responses={(200, "text/calendar"): OpenApiTypes.BINARY})
    def get(self, request, *args, **kwargs):
        """One own booking as a file for the customer's calendar."""
        booking = self.own_booking()
        file = HttpResponse(calendar_file(booking), content_type="text/calendar; charset=utf-8")
        file["Content-Disposition"] = f'attachment; filename="{booking.display_reference}.ics"'
        return file


class BookingCancel(CustomersBookings):
    @refuses(TooLate(), MOVED_ON)
    @extend_schema(request=CancelRequest)
    def post(self, request, *args, **kwargs):
        """Cancel; a fee may be due by the terms accepted when booking."""
        asked = self.read(CancelRequest)
        booking = services.cancel_booking(
            actor=request.user,
            booking_id=self.own_booking().pk,
            by=Booking.CancelledBy.CUSTOMER,
            reason=asked.get("reason", ""),
        )
        return Response(self.body(booking.pk))


class BookingReschedule(CustomersBookings):
    @refuses(SlotNotOffered(), SlotTaken(), BookingRefused(), TooLate(), MOVED_ON, BookingChanged())
    @extend_schema(request=RescheduleRequest)
    def post(self, request, *args, **kwargs):
        """Move to another offered time."""
        asked = self.read(RescheduleRequest)
        staff = asked.get("staff")
        booking = services.reschedule_booking(
            actor=request.user,
            booking_id=self.own_booking().pk,
            starts_at=asked["starts_at"],
            staff_id=staff and staff.pk,
            by=Booking.CancelledBy.CUSTOMER,
            source=Booking.Source.ONLINE,
        )
        return Response(self.body(booking.pk))


class BookingReview(CustomersBookings):
    @refuses(NotReviewable(), PersonErased())
    @extend_schema(request=ReviewRequest)
    def post(self, request, *args, **kwargs):
        """Review a completed visit, once."""
        asked = self.read(ReviewRequest)
        booking = services.review_booking(actor=request.user, booking_id=self.own_booking().pk, **asked)
        return Response(self.body(booking.pk))


def _within(day):
    return min(max(day, EARLIEST), LATEST)
