"""What people do, one step after the other and each in a thread: at random by their seed, and never all the same."""

import random
import re
import threading
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import requests
from django.db import connections

from apps.accounts.models import User
from apps.accounts.tests.factories import PASSWORD
from apps.common.testing.web import PATIENCE, Page, Visitor
from project.env import BASE_DIR
from project.tests.soak.house import AUDITOR, CUSTOMER, MANAGER, RECEPTION, SUPPORT, House, Shop
from project.tests.soak.installation import Installation
from project.tests.soak.record import NoAnswer, Record, RecordedSession

RIYADH = ZoneInfo("Asia/Riyadh")
PRICE_LIST = BASE_DIR / "fixtures/riyadh_price_list_corrected.csv"
TRIES, LONGEST_WAIT, DAYS_AHEAD, FIRST_TIMES = 5, 2, 20, 6
PAGES = [
    *("/admin/", "/admin/bookings/booking/", "/admin/bookings/booking/calendar/", "/admin/payments/payment/"),
    *("/admin/payments/refund/", "/admin/notifications/notification/", "/admin/salons/customer/"),
    "/admin/salons/service/",
]


class Interrupted(Exception):
    """This step cannot go on: somebody was faster, or the server asks to come again."""


@dataclass
class Town:
    """What the people share. `bookings` are (shop, key) of those that customers made, newest last; `to_close` and
    `closed` (person, key) of earlier visits; `beginners` are the numbers of people who have not taken every step yet.
    """

    installation: Installation
    house: House
    record: Record
    over: threading.Event = field(default_factory=threading.Event)
    bookings: deque[tuple[Shop, str]] = field(default_factory=lambda: deque(maxlen=200))
    to_close: deque[tuple[UUID, str]] = field(default_factory=deque)
    closed: deque[tuple[UUID, str]] = field(default_factory=deque)
    beginners: set[int] = field(default_factory=set)


class Person:
    """Takes `steps` in order once, so that each is seen, and then at random."""

    def __init__(self, town: Town, user: User, number: int, seed: int) -> None:
        self.town, self.user, self.number = town, user, number
        self.random = random.Random(f"{seed} {number}")
        self.network = f"10.0.{number // 250}.{number % 250 + 1}"

    def steps(self) -> list[Callable[[], object]]:
        raise NotImplementedError

    def live(self, pause: float) -> None:
        """Until it is over, waiting about `pause` seconds between two steps."""
        steps = self.steps()
        todo = deque(steps)
        while not self.town.over.wait(self.random.uniform(0.2, 1.8) * pause):
            self._try(todo.popleft() if todo else self.random.choice(steps))
            if not todo:
                self.town.beginners.discard(self.number)
        connections.close_all()

    def _try(self, step: Callable[[], object]) -> None:
        try:
            step()
        except (Interrupted, NoAnswer):
            return
        except Exception:  # noqa: BLE001 - whatever it is, the run reports it
            self.town.record.surprises[f"{step.__name__}: {traceback.format_exc()[-700:]}"] += 1

    def free_times(self, shop: Shop, session: requests.Session) -> list[Any]:
        day = date.today() + timedelta(days=self.random.randint(2, DAYS_AHEAD))  # noqa: DTZ011 - any day will do
        query = {"service": str(shop.service.public_id), "from": str(day), "to": str(day)}
        address = f"{self.town.installation.url}/api/v1/salons/{shop.salon.slug}/slots/"
        answer = session.get(address, params=query, timeout=PATIENCE)
        if not answer.ok:
            raise Interrupted
        return answer.json()["slots"][:FIRST_TIMES]

    def free_time(self, shop: Shop, session: requests.Session) -> tuple[str, str]:
        """(moment, public id of somebody who is free), among the first, which others want too."""
        slots = self.free_times(shop, session)
        if not slots:
            raise Interrupted
        slot = self.random.choice(slots)
        return slot["starts_at"], self.random.choice(slot["staff"])


class Customer(Person):
    """A client of the API that repeats a lost call with its key, as every client should."""

    def __init__(self, *told: Any) -> None:
        super().__init__(*told)
        self.session = RecordedSession(self.town.record, self.network)
        self.api = f"{self.town.installation.url}/api/v1/"
        self.refresh = ""
        self.own: list[tuple[Shop, str]] = []

    def steps(self) -> list[Callable[[], object]]:
        every = [
            self.book_and_pay,
            self.cancel,
            self.book,
            self.reschedule,
            self.look_around,
            self.review,
            self.pay_late,
        ]
        # They begin with different ones.
        shift = self.number % len(every)
        return [*every[shift:], *every[:shift]]

    # --- Steps ---

    def look_around(self) -> None:
        slug = self.random.choice(self.town.house.shops).salon.slug
        self.call("GET", f"salons/{slug}/services/")
        self.call("GET", "bookings/")
        self.call("GET", "me/")

    def book(self) -> tuple[Shop, str]:
        return self._book(self.town.house.shops[1])

    def book_and_pay(self) -> None:
        self._pay(*self._book(self.town.house.shops[0]))

    def pay_late(self) -> None:
        self._pay(*self._one_of_mine())

    def cancel(self) -> None:
        shop, key = self._one_of_mine()
        self.own.remove((shop, key))
        self.call("POST", f"bookings/{key}/cancel/", {"reason": "I travel"})

    def reschedule(self) -> None:
        shop, key = self._one_of_mine()
        starts_at, staff = self.free_time(shop, self.session)
        self.call("POST", f"bookings/{key}/reschedule/", {"starts_at": starts_at, "staff": staff})

    def review(self) -> None:
        """A visit that reception has closed."""
        mine = [visit for visit in list(self.town.closed) if visit[0] == self.user.pk]
        if not mine:
            raise Interrupted
        self.town.closed.remove(mine[0])
        said = {"rating": self.random.randint(1, 5), "comment": "Thank you"}
        self.call("POST", f"bookings/{mine[0][1]}/review/", said)

    # --- How they do it ---

    def _one_of_mine(self) -> tuple[Shop, str]:
        if not self.own:
            raise Interrupted
        return self.random.choice(self.own)

    def _book(self, shop: Shop) -> tuple[Shop, str]:
        starts_at, staff = self.free_time(shop, self.session)
        attempt = str(uuid4())
        body = {"service": str(shop.service.public_id), "staff": staff, "starts_at": starts_at, "note": attempt}
        self.town.record.attempts[attempt] = ""
        key = self.call("POST", "bookings/", body, attempt)["id"]
        self.town.record.attempts[attempt] = key
        self.own.append((shop, key))
        self.town.bookings.append((shop, key))
        return shop, key

    def _pay(self, _shop: Shop, key: str) -> None:
        link = self.call("POST", f"bookings/{key}/payment/", {}, str(uuid4()))
        outcome = self.random.choices(["paid", "declined", "left"], [8, 1, 1])[0]
        payer = Visitor(self.town.installation.gateway)
        checkout = payer.session.get(link["payment_url"], timeout=PATIENCE)
        page = Page(checkout)
        if page.forms:
            payer.session.post(page.url, data={"outcome": outcome}, timeout=PATIENCE, allow_redirects=False)
        if self.random.random() < 0.7:
            self.call("POST", f"bookings/{key}/payment/refresh/", {})

    def call(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """The body of the answer. What may be repeated is, with what the server says of when."""
        if not self.refresh:
            self._sign_in()
        headers = {"Idempotency-Key": key} if key else {}
        for _try in range(TRIES):
            try:
                answer = self.session.request(method, self.api + path, json=body, headers=headers, timeout=PATIENCE)
            except NoAnswer:
                if method != "GET" and not key:
                    raise
                self.town.over.wait(0.3)
                continue
            if answer.ok:
                return answer.json() if answer.content else None
            if answer.status_code == 401:
                self._renew()
            elif answer.status_code == 503 or "request_in_progress" in answer.text:
                self.town.over.wait(min(float(answer.headers.get("Retry-After", 1)), LONGEST_WAIT))
            else:
                break
        raise Interrupted

    def _sign_in(self) -> None:
        before = self.town.installation.carrier.latest_to(self.user.phone)
        challenge = self._post_openly("auth/otp/request/", {"phone": self.user.phone})
        text = self.town.installation.carrier.latest_to(self.user.phone)
        code = re.search(r"\b\d{6}\b", text)
        if text == before or not code:
            raise Interrupted
        said = {"challenge_id": challenge["challenge_id"], "code": code.group()}
        self._use(self._post_openly("auth/otp/verify/", said))

    def _renew(self) -> None:
        refresh, self.refresh = self.refresh, ""
        # A refresh token is good once: with its answer lost the person signs in again.
        self._use(self._post_openly("auth/token/refresh/", {"refresh": refresh}))

    def _post_openly(self, path: str, body: Any) -> Any:
        self.session.headers.pop("Authorization", None)
        answer = self.session.post(self.api + path, json=body, timeout=PATIENCE)
        if not answer.ok:
            raise Interrupted
        return answer.json()

    def _use(self, tokens: Any) -> None:
        self.refresh = tokens["refresh"]
        self.session.headers["Authorization"] = f"Bearer {tokens['access']}"


class Operator(Person):
    """Somebody in the admin."""

    def __init__(self, *told: Any) -> None:
        super().__init__(*told)
        self.visitor = Visitor(self.town.installation.url)
        cookies = self.visitor.session.cookies
        self.visitor.session = RecordedSession(self.town.record, self.network)
        self.visitor.session.cookies = cookies

    def open(self, path: str, **asked: str) -> Page:
        page = self.visitor.get(path, **asked)
        if "/login/" in page.url:
            self.sent(self.visitor.sign_in(self.user.phone, PASSWORD))
            page = self.visitor.get(path, **asked)
        return self.sent(page)

    def sent(self, page: Page) -> Page:
        if page.status >= 400:
            raise Interrupted
        return page

    def take(self, model: str, key: str, step: str, **said: Any) -> None:
        """Open a dialog of a page, fill it in and send it."""
        dialog = self.open(f"/admin/{model}/{key}/{step}/")
        forms = [form for form in dialog.forms if "_form_submitted" in form.values]
        if forms:
            self.sent(self.visitor.submit(dialog, forms[0], said))

    def some_booking(self) -> tuple[Shop, str]:
        """One of those that customers made lately."""
        mine = [one for one in list(self.town.bookings) if one[0] is self.shop]
        if not mine:
            raise Interrupted
        return self.random.choice(mine)

    @property
    def shop(self) -> Shop:
        return self.town.house.shops[self.number % 2]


class Reception(Operator):
    def __init__(self, *told: Any) -> None:
        super().__init__(*told)
        self.phones = 0

    def steps(self) -> list[Callable[[], object]]:
        return [self.walk_in, self.close_a_visit, self.move, self.close_a_visit, self.call_off, self.look]

    def walk_in(self) -> None:
        page = self.open("/admin/bookings/booking/add/")
        starts_at, staff = self.free_time(self.shop, self.visitor.session)
        moment = datetime.fromisoformat(starts_at).astimezone(RIYADH)
        self.phones += 1
        said = {
            "phone": f"+96658{self.number:03}{self.phones:04}",
            "name": "Noura",
            "service": self.shop.service.pk,
            "staff": self.shop.staff_key(staff),
            "starts_at_0": str(moment.date()),
            "starts_at_1": f"{moment:%H:%M}",
        }
        self.sent(self.visitor.submit(page, page.form("phone", "starts_at_0"), said))

    def move(self) -> None:
        shop, key = self.some_booking()
        starts_at, staff = self.free_time(shop, self.visitor.session)
        said = {"starts_at": starts_at, "staff": shop.staff_key(staff), "by": "salon", "reason": "Anna is ill"}
        self.take("bookings/booking", key, "reschedule", **said)

    def call_off(self) -> None:
        self.take("bookings/booking", self.some_booking()[1], "cancel", by="salon", reason="A burst pipe")

    def close_a_visit(self) -> None:
        """Only one of the salons has visits behind it."""
        if self.shop is not self.town.house.shops[1] or not self.town.to_close:
            raise Interrupted
        visit = self.town.to_close.popleft()
        self.take("bookings/booking", visit[1], "arrive")
        self.take("bookings/booking", visit[1], "complete")
        self.town.closed.append(visit)

    def look(self) -> None:
        self.open("/admin/bookings/booking/calendar/")
        self.open(f"/admin/bookings/booking/{self.some_booking()[1]}/change/")


class Support(Operator):
    def steps(self) -> list[Callable[[], object]]:
        return [self.look, self.refund, self.refund]

    def look(self) -> None:
        self.open("/admin/payments/payment/")
        self.open("/admin/payments/refund/")

    def refund(self) -> None:
        page = self.open("/admin/payments/payment/", status__in="paid")
        keys = re.findall(r"/admin/payments/payment/([0-9a-f-]{36}|\d+)/change/", page.text)
        if not keys:
            raise Interrupted
        amount = f"{self.random.randint(1, 20)}.00"
        self.take("payments/payment", self.random.choice(keys), "refund", amount=amount, reason="Served late")


class Manager(Operator):
    def steps(self) -> list[Callable[[], object]]:
        return [self.bring_in_prices, self.change_a_price, self.change_a_price, self.look]

    def bring_in_prices(self) -> None:
        page = self.open("/admin/salons/service/import/")
        files = {"import_file": (PRICE_LIST.name, PRICE_LIST.read_bytes(), "text/csv")}
        said = {"default_duration": "45", "import_file": None}
        preview = self.sent(self.visitor.submit(page, page.form("import_file"), said, files=files))
        for form in preview.forms:
            if "import_file_name" in form.values:
                self.sent(self.visitor.submit(preview, form, {}))

    def change_a_price(self) -> None:
        page = self.open("/admin/salons/service/prices/")
        rows = [form for form in page.forms if "seen_price" in form.values]
        said = {"price": f"{self.random.randint(80, 150)}.00"}
        self.sent(self.visitor.submit(page, self.random.choice(rows), said))

    def look(self) -> None:
        self.open("/admin/")
        self.open("/admin/salons/service/")


class Auditor(Operator):
    def steps(self) -> list[Callable[[], object]]:
        return [self.read, self.read_a_story]

    def read(self) -> None:
        self.open(self.random.choice(PAGES))

    def read_a_story(self) -> None:
        if self.town.bookings:
            key = self.random.choice(list(self.town.bookings))[1]
            self.open(f"/admin/bookings/booking/{key}/history/")


KINDS: dict[str, type[Person]] = {
    CUSTOMER: Customer,
    RECEPTION: Reception,
    SUPPORT: Support,
    MANAGER: Manager,
    AUDITOR: Auditor,
}


def let_them_live(town: Town, seed: int, pause: float) -> list[threading.Thread]:
    """A started thread for each of the crew; they end when it is over."""
    people = [KINDS[role](town, user, number, seed) for number, (role, user) in enumerate(town.house.crew)]
    town.beginners.update(range(len(people)))
    threads = [threading.Thread(target=person.live, args=(pause,), daemon=True) for person in people]
    for thread in threads:
        thread.start()
    return threads
