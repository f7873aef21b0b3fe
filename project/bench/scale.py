"""How much is measured: in full for the figures, quickly for every change, or tiny to see that it works."""

from dataclasses import dataclass

PROCESSES = 2


@dataclass(frozen=True, slots=True)
class RaceScale:
    """Of suite `race`: how many slots are raced for at each door, and after how many seconds it closes at the latest.

    The last door takes what is missing to `attempts`. In each of `rounds` people wait at one slot for `waiting_turns`.
    """

    rounds: int
    attempts: int
    slots: dict[str, int]
    door_seconds: float
    last_door_seconds: float
    control_slots: int
    waiting_turns: int
    waiting_seconds: float
    lone_turns: int
    racing_threads: int = 8
    staff: int = 16
    customers: int = 1024


RACE_SLOTS = {
    "API": 500,
    "admin form": 150,
    "reschedule": 400,
    "walk-in": 400,
    "these four at once": 250,
    "use case": 1000,
}
RACE_FULL = RaceScale(
    rounds=5,
    attempts=100_000,
    slots=RACE_SLOTS,
    door_seconds=12,
    last_door_seconds=60,
    control_slots=60,
    waiting_turns=60,
    waiting_seconds=5,
    lone_turns=300,
)
RACE_QUICK = RaceScale(
    rounds=3,
    attempts=5_000,
    slots={door: slots // 25 for door, slots in RACE_SLOTS.items()},
    door_seconds=2,
    last_door_seconds=4,
    control_slots=20,
    waiting_turns=12,
    waiting_seconds=1.5,
    lone_turns=100,
)


@dataclass(frozen=True, slots=True)
class BookScale:
    """Of suite `book`: in each of `rounds` every kind of writer writes for `seconds`, two processes of `threads`."""

    rounds: int
    seconds: float
    threads: int = 4
    staff: int = 16
    customers: int = 1024


BOOK_FULL = BookScale(rounds=5, seconds=2)
BOOK_QUICK = BookScale(rounds=3, seconds=0.6)


@dataclass(frozen=True, slots=True)
class SlotsScale:
    """Of suite `slots`: `staff` people searched over `days`; the large table adds `past_days` of theirs and the
    bookings of `other_staff` in another salon. Every round measures each call `calls` times. `with_peer` measures
    django-appointment too.
    """

    rounds: int
    calls: int
    past_days: int
    other_staff: int
    staff: int = 50
    days: int = 30
    customers: int = 200
    with_peer: bool = True


SLOTS_FULL = SlotsScale(rounds=7, calls=10, past_days=1234, other_staff=500)
SLOTS_QUICK = SlotsScale(rounds=5, calls=5, past_days=92, other_staff=30)


@dataclass(frozen=True, slots=True)
class HttpScale:
    """Of suite `http`: in each of `rounds` every partner is called for `seconds`; raw INSERT has two processes of
    `threads` where it has no pgbench. No customer may hold more than a hundred bookings.
    """

    rounds: int
    seconds: int
    threads: int = 4
    staff: int = 16
    customers: int = 256


HTTP_FULL = HttpScale(rounds=5, seconds=3)
HTTP_QUICK = HttpScale(rounds=3, seconds=2)


@dataclass(frozen=True, slots=True)
class ApiScale:
    """Of suite `api`: a price list of `services` and a month of visits to `staff`; in each of `rounds` every address is
    called for `seconds`.
    """

    rounds: int
    seconds: int
    services: int = 100
    staff: int = 10
    customers: int = 16


API_FULL = ApiScale(rounds=5, seconds=3)
API_QUICK = ApiScale(rounds=2, seconds=2)


@dataclass(frozen=True, slots=True)
class AuthScale:
    """Of suite `auth`: in each of `rounds`, the median of `calls` timings of so many calls at once."""

    rounds: int
    calls: int
    calls_together: int = 100


AUTH_FULL = AuthScale(rounds=5, calls=20)
AUTH_QUICK = AuthScale(rounds=3, calls=5)


@dataclass(frozen=True, slots=True)
class WebhookScale:
    """Of suite `webhook`: in each of `rounds` so many calls, `per_second` of them."""

    rounds: int
    calls: int
    per_second: int = 50


WEBHOOK_FULL = WebhookScale(rounds=5, calls=500)
WEBHOOK_QUICK = WebhookScale(rounds=3, calls=100)


@dataclass(frozen=True, slots=True)
class AdminScale:
    """Of suite `admin`: lists over `small_days` and over about `bookings` visits of `staff` people, with a payment, a
    message and three versions of each. Every round measures each page `calls` times in both.
    """

    rounds: int
    calls: int
    bookings: int
    customers: int
    small_days: int = 7
    staff: int = 20


ADMIN_FULL = AdminScale(rounds=3, calls=3, bookings=200_000, customers=20_000)
ADMIN_QUICK = AdminScale(rounds=2, calls=2, bookings=20_000, customers=2_000)


@dataclass(frozen=True, slots=True)
class ImportScale:
    """Of suite `import`: in each of `rounds` a price list of `rows`, of which the partner gets `partner_rows`; then
    `most_rows` customers.
    """

    rounds: int
    rows: int
    partner_rows: int
    most_rows: int


IMPORT_FULL = ImportScale(rounds=3, rows=10_000, partner_rows=1_000, most_rows=50_000)
IMPORT_QUICK = ImportScale(rounds=1, rows=10_000, partner_rows=300, most_rows=5_000)
