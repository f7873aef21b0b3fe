"""A message whose sender is killed, and what the customer and the table have of it in the end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

from django.utils import timezone

from apps.accounts.tests.factories import UserFactory
from apps.bookings import services as bookings
from apps.bookings.models import Booking
from apps.bookings.tests.conftest import NOW, open_salon
from apps.bookings.tests.factories import BookingFactory
from apps.common.providers import http
from apps.common.testing.crashes import Boundaries, Span
from apps.common.testing.thorough import THOROUGH
from apps.common.testing.web import wait_until
from apps.common.tests.message_providers import PROMOTIONAL_SENDER
from apps.common.tests.provider_stand_in import Acted
from apps.notifications import services
from apps.notifications.models import PROMOTIONAL, Channel, DeliveryAttempt, Notification
from apps.notifications.tests.factories import MessageSettingsFactory, TemplateFactory

# The ordinary run kills a few times per place; `THOROUGH=1` is the long form.
KILLS = 50 if THOROUGH else 2
# The rhythm of the pass, and how often it comes until everything is quiet.
STEP, STEPS = 30, 20


def _name_of_call(method, url):
    """`POST /rest/SMS/messages`."""
    return f"{method} {urlsplit(url).path}"


SENDER = Boundaries(models=(), door=(http, "_exchange"), name_of_call=_name_of_call)


@dataclass(frozen=True)
class InFlight:
    """While the provider has the call and says nothing, whether it did its work or not."""

    has_acted: bool


@dataclass(frozen=True)
class Place:
    """Where the sender `dies` and what that leaves: the message's state, its attempts, how often the customer got it.

    No state where there is no message at all.
    """

    name: str
    dies: Span | InFlight
    status: str | None
    attempts: tuple[str, ...]
    got: int

    def __str__(self):
        return self.name

    @property
    def is_in_doubt(self):
        return "begun" in self.attempts


START, END = ("start", ""), ("end", "")
ROW, ATTEMPT = "notifications_notification", "notifications_deliveryattempt"
BEGUN = ("sending", ("begun",))

PLACES = [
    Place("before the outbox commits", Span(START, ("commit", f"INSERT INTO {ROW}")), None, (), 0),
    Place(
        *("committed, not claimed", Span(("committed", f"INSERT INTO {ROW}"), ("commit", f"UPDATE {ROW}"))),
        *("pending", (), 0),
    ),
    Place(
        *("claimed, no attempt", Span(("committed", f"UPDATE {ROW}"), ("commit", f"INSERT INTO {ATTEMPT}"))),
        *("sending", (), 0),
    ),
    Place("attempt written, not asked", Span(("committed", f"INSERT INTO {ATTEMPT}"), ("asks", "")), *BEGUN, 0),
    Place("in flight, the provider has not acted", InFlight(has_acted=False), *BEGUN, 0),
    Place("in flight, the provider has acted", InFlight(has_acted=True), *BEGUN, 1),
    Place("answer read, not settled", Span(("heard", ""), ("commit", f"UPDATE {ATTEMPT}")), *BEGUN, 1),
    Place("settled", Span(("committed", f"UPDATE {ATTEMPT}"), END), "sent", ("sent",), 1),
]


class Ground:
    """A salon, who carries its messages, and the clock; one story after the other takes place there."""

    def __init__(self, server, clock, provider):
        self.server, self.clock, self.provider = server, clock, provider
        self.house = open_salon()
        MessageSettingsFactory(salon=self.house.salon, promotional_sender=PROMOTIONAL_SENDER)
        self._told = 0

    def scene(self, story):
        self._told += 1
        return Scene(self, story, self._told)

    def refuse_whatsapp(self):
        """From now on the salon tells confirmations by WhatsApp, in a template that Twilio refuses."""
        TemplateFactory(salon=self.house.salon, channel=Channel.WHATSAPP, provider_id_en="no template of theirs")


class Scene:
    """One message to one customer: `story` is a function of the scene, what the process does that sends it."""

    def __init__(self, ground, story, number):
        self.ground, self.clock, self.number = ground, ground.clock, number
        self.person = UserFactory(locale="en", marketing_consent=True)
        self.act = partial(story, self)
        if story is completes:
            self._visit = self._visit_under_way()

    def _visit_under_way(self):
        began = timezone.now() - timedelta(hours=1)
        of = {"salon": self.ground.house.salon, "customer__user": self.person}
        return BookingFactory(**of, status=Booking.Status.ARRIVED, starts_at=began)

    def book(self):
        house = self.ground.house
        days, hours = divmod(self.number, 10)
        starts_at = NOW + timedelta(days=1 + days, hours=hours)
        chosen = {"service_id": house.service.pk, "staff_id": house.staff[0].pk, "starts_at": starts_at}
        bookings.book_appointment(actor=self.person, person=self.person, **chosen)

    def complete(self):
        bookings.complete_booking(actor=self.ground.house.manager, booking_id=self._visit.pk)

    def rows(self):
        return Notification.objects.filter(booking__customer__user=self.person).order_by("pk")

    def row(self):
        return self.rows().get()

    def attempts(self):
        told = DeliveryAttempt.objects.filter(notification__in=self.rows()).order_by("pk")
        return tuple(told.values_list("status", flat=True))

    def inbox(self):
        """What the customer really got."""
        return [message for message in self.ground.server.provider.inbox if message.to == self.person.phone]

    def left(self):
        """(state of the newest row or None, states of the attempts, how often the customer got it)."""
        row = self.rows().last()
        return row and row.status, self.attempts(), len(self.inbox())

    def recover(self):
        """Let the passes run until everything is quiet; nobody else does anything."""
        for _step in range(STEPS):
            self.clock.shift(STEP)
            services.deliver_due()


def books(scene):
    """A customer books, and is told so."""
    scene.book()


def completes(scene):
    """The salon completes a visit, and the customer is invited to review it."""
    scene.complete()


def play(ground, story, place, judge: Callable):
    """Kill a sender `KILLS` times, spread over all moments of the place; `judge(scene, killed_at)` looks at the end."""
    passed = _length(ground, story, place)
    for number in range(KILLS):
        scene, where = die(ground, story, place, number * passed // KILLS)
        try:
            assert scene.left() == (place.status, place.attempts, place.got)
            killed_at = timezone.now()
            scene.recover()
            judge(scene, killed_at)
        except AssertionError as error:
            error.add_note(f"kill {number} at “{where}”")
            raise


def _length(ground, story, place):
    if isinstance(place.dies, InFlight):
        return KILLS
    passed = SENDER.length(ground.scene(story).act, place.dies)
    assert passed, f"nothing happens between {place.dies.first} and {place.dies.last}"
    return passed


def die(ground, story, place, number=0):
    """A scene whose sender was killed at that moment of the place, or the last before it, and where that was."""
    if isinstance(place.dies, InFlight):
        return _die_in_flight(ground.scene(story), has_acted=place.dies.has_acted), place.name
    while number >= 0:
        scene = ground.scene(story)
        if where := SENDER.killed(scene.act, place.dies, number):
            return scene, where
        # What was read once is remembered, so that a later process may pass fewer moments than the first.
        number -= 1
    raise AssertionError("it never came there")


def _die_in_flight(scene, *, has_acted):
    server = scene.ground.server
    before = len(server.received)
    server.answers = [Acted("hang") if has_acted else "hang"]
    SENDER.killed_when(
        scene.act, lambda: wait_until(lambda: scene.inbox() if has_acted else len(server.received) > before)
    )
    return scene


def complaints(scene):
    """What is wrong with the scene's message in the end; nothing when it kept what we promise."""
    for row in scene.rows():
        got = [message for message in scene.inbox() if message.channel == row.channel]
        is_promotional = row.kind in PROMOTIONAL
        if row.status in ("pending", "sending"):
            yield "it never came to an end"
        if row.status == "failed" and not is_promotional:
            yield "it was lost"
        if row.status == "sent" and not got:
            yield "it is said to be sent and never arrived"
        if len(got) > 1 and is_promotional:
            yield "a promotion was sent twice"
        elif len(got) > 1 and not row.is_maybe_double:
            yield "it was sent twice, and nobody is told"
        if len(got) > 2:
            yield "it was sent again and again"
