"""A small client of the API: signs in by code, looks around, books, pays and cancels.

    python docs/examples/client.py http://127.0.0.1:8000 0551234567

It needs `requests` and nothing of this project. What it does about refusals is what every client should do.
"""

import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import requests

TRIES = 4
LONGEST_WAIT = 30  # seconds; whoever is told to wait longer tells the person
# A twin of this very request is being answered; its answer is ours.
ANSWERED_SOON = "request_in_progress"


class Refusal(Exception):
    """The API said no. Branch on `code`, show `str(refusal)`; `wait` is in seconds, 0 where waiting does not help."""

    def __init__(self, response: requests.Response) -> None:
        error = response.json()["errors"][0]
        super().__init__(error["detail"])
        self.status, self.code, self.field = response.status_code, error["code"], error["attr"]
        self.wait = int(response.headers.get("Retry-After", "0"))
        if self.code == ANSWERED_SOON:
            self.wait = self.wait or 1


class SalonApi:
    """The API at `base`, in the `language` "ar" or "en"."""

    def __init__(self, base: str, language: str = "en", sleep: Callable[[float], None] = time.sleep) -> None:
        self.base, self.sleep = f"{base}/api/v1/", sleep
        self.http = requests.Session()
        self.http.headers["Accept-Language"] = language
        self.refresh = ""
        self.seen: dict[str, tuple[str, Any]] = {}

    # --- Signing in ---

    def ask_for_code(self, phone: str) -> str:
        """Have a code sent; returns the id of the challenge that it answers."""
        return str(self.post("auth/otp/request/", {"phone": phone})["challenge_id"])

    def sign_in(self, challenge_id: str, code: str) -> Any:
        """Returns the person. Raises Refusal `otp_incorrect`, `otp_expired`, `otp_attempts_exhausted`."""
        return self._use(self.post("auth/otp/verify/", {"challenge_id": challenge_id, "code": code}))["user"]

    def sign_out(self) -> None:
        self.post("auth/logout/", {"refresh": self.refresh})
        del self.http.headers["Authorization"]

    def _use(self, tokens: Any) -> Any:
        self.refresh = tokens["refresh"]
        self.http.headers["Authorization"] = f"Bearer {tokens['access']}"
        return tokens

    # --- Looking around ---

    def every(self, path: str, **query: str) -> Iterator[Any]:
        """The rows of a list, page by page."""
        page = self.get(path, **query)
        yield from page["results"]
        while page["next"]:
            page = self.get(page["next"].removeprefix(self.base))
            yield from page["results"]

    def slots(self, salon: str, service: str, first: date, last: date) -> Any:
        """Free times on at most 31 local days of the salon, earliest first."""
        query = {"service": service, "from": str(first), "to": str(last)}
        return self.get(f"salons/{salon}/slots/", **query)["slots"]

    # --- Booking ---

    def book(self, service: str, starts_at: str, staff: str | None = None) -> Any:
        """Returns the booking. Raises Refusal `slot_taken`, `slot_not_offered` and more: look for times again."""
        return self.post("bookings/", {"service": service, "starts_at": starts_at, "staff": staff}, key=str(uuid4()))

    def pay(self, booking: str) -> Any:
        """Returns the payment; the customer opens its `payment_url`."""
        return self.post(f"bookings/{booking}/payment/", {}, key=str(uuid4()))

    def look_at_payment(self, booking: str) -> Any:
        """The payment as the gateway shows it now: for the moment when the customer is back from its page."""
        return self.post(f"bookings/{booking}/payment/refresh/", {})

    def cancel(self, booking: str, reason: str = "") -> Any:
        return self.post(f"bookings/{booking}/cancel/", {"reason": reason})

    # --- How it talks ---

    def get(self, path: str, **query: str) -> Any:
        """The body of an answer. One that we have is not sent again while it is the same (`ETag`)."""
        address = requests.Request("GET", self.base + path, params=query).prepare().url or ""
        tag, body = self.seen.get(address, ("", None))
        response = self._send("GET", address, headers={"If-None-Match": tag} if tag else {})
        if response.status_code == 304:
            return body
        if "ETag" in response.headers:
            self.seen[address] = (response.headers["ETag"], response.json())
        return response.json()

    def post(self, path: str, body: Any, *, key: str = "") -> Any:
        """`key` names the attempt: with it a repeat of a lost answer changes nothing and brings that answer."""
        headers = {"Idempotency-Key": key} if key else {}
        response = self._send("POST", self.base + path, headers=headers, json=body)
        return response.json() if response.content else None

    def _send(self, method: str, address: str, headers: dict[str, str], **body: Any) -> requests.Response:
        """Sends until there is an answer that counts: waits as told, renews a token, repeats what may be repeated."""
        may_repeat = method == "GET" or "Idempotency-Key" in headers
        for left in reversed(range(TRIES)):
            try:
                response = self.http.request(method, address, headers=headers, timeout=20, **body)
            except requests.ConnectionError:
                if not (may_repeat and left):
                    raise
                self.sleep(1)
                continue
            if response.ok:
                return response
            refusal = Refusal(response)
            if not left or not self._can_mend(refusal):
                raise refusal
        raise AssertionError("unreachable: the last try returns or raises")

    def _can_mend(self, refusal: Refusal) -> bool:
        """Whether the same request may succeed now: after a wait, or with a new token."""
        if refusal.code == "token_not_valid" and self.refresh:
            # The access token is good for ten minutes. A refresh token is good once, so it is gone before it is used.
            refresh, self.refresh = self.refresh, ""
            self._use(self.post("auth/token/refresh/", {"refresh": refresh}))
            return True
        if 0 < refusal.wait <= LONGEST_WAIT:
            self.sleep(refusal.wait)
            return True
        return False


def main(base: str, phone: str) -> None:
    """Book and pay the first free time of the first salon that has one, then call it off."""
    api = SalonApi(base)
    person = api.sign_in(api.ask_for_code(phone), input("The code you got: "))
    print(f"Hello {person['name'] or person['phone']}")
    tomorrow = datetime.now(ZoneInfo("Asia/Riyadh")).date() + timedelta(days=1)
    for salon in api.every("salons/"):
        for service in api.every(f"salons/{salon['slug']}/services/"):
            for slot in api.slots(salon["slug"], service["id"], tomorrow, tomorrow + timedelta(days=6))[:1]:
                booking = api.book(service["id"], slot["starts_at"])
                print(booking["reference"], service["name"], "at", salon["name"], booking["starts_at"])
                if booking["amount_due"] != "0.00":
                    print("Pay here:", api.pay(booking["id"])["payment_url"])
                    input("Press Enter when you are back: ")
                    print("The payment is", api.look_at_payment(booking["id"])["status"])
                print("Now it is", api.cancel(booking["id"], "Only a try")["status"])
                return


if __name__ == "__main__":
    main(*sys.argv[1:])
