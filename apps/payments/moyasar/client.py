"""The calls we make. Amounts are integer halalas; errors say what may have happened to the money."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from apps.common.metrics import calling
from apps.payments.moyasar.errors import (
    GatewayBusy,
    GatewayError,
    GatewayMisconfigured,
    GatewayMissing,
    GatewayOutcomeUnknown,
    GatewayRejected,
    GatewayUnreachable,
)
from apps.payments.moyasar.objects import (
    MAX_AMOUNT,
    SETTLED,
    GatewayInvoice,
    GatewayPayment,
    Settlement,
    SettlementLine,
    Unusable,
    clean,
    ensure,
    read_invoice,
    read_list,
    read_payment,
    read_settlement,
    read_settlement_line,
    stamp,
)
from apps.payments.moyasar.transport import exchange, was_never_sent

logger = logging.getLogger(__name__)

_Json = dict[str, Any]
_Answer = TypeVar("_Answer")
_Item = TypeVar("_Item")


class MoyasarClient:
    """One account at Moyasar. Safe to share between threads, because no call shares anything with another."""

    def __init__(
        self,
        secret_key: str,
        base_url: str = "https://api.moyasar.com/v1",
        connect_timeout: float = 3,
        read_timeout: float = 15,
    ) -> None:
        """Raise ValueError for anything but a secret key, and for a live key over plain http."""
        address = urlsplit(base_url)
        if re.fullmatch(r"sk_(test|live)_[!-~]{1,200}", secret_key) is None:
            raise ValueError("The Moyasar secret key must begin with sk_test_ or sk_live_.")
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError("The Moyasar address must be a full http or https URL.")
        self.is_live = secret_key.startswith("sk_live_")
        if self.is_live and address.scheme != "https":
            raise ValueError("A live Moyasar key is sent over https only.")
        self._secret_key = secret_key
        self._base_url = base_url.rstrip("/")
        self._timeout = (connect_timeout, read_timeout)

    def __repr__(self) -> str:
        return f"<MoyasarClient {self._base_url} {'live' if self.is_live else 'test'}>"

    def create_invoice(
        self,
        *,
        amount: int,
        currency: str,
        description: str,
        metadata: Mapping[str, str],
        expires_at: datetime | None,
        success_url: str,
        back_url: str,
        callback_url: str | None = None,
    ) -> GatewayInvoice:
        """Make a payment link. There is no key against doubles: after a doubt ask `find_invoice` first."""
        body = {
            "amount": _amount(amount),
            "currency": currency,
            "description": description,
            "metadata": dict(metadata),
            "success_url": success_url,
            "back_url": back_url,
        }
        body |= {"callback_url": callback_url} if callback_url else {}
        body |= {"expired_at": stamp(expires_at)} if expires_at else {}
        asked = {"amount": amount, "currency": currency}
        return self._call("create_invoice", "POST", "invoices", read=read_invoice, body=body, asked=asked)

    def fetch_invoice(self, invoice_id: str) -> GatewayInvoice:
        asked = {"id": invoice_id}
        return self._call("fetch_invoice", "GET", "invoices", invoice_id, read=read_invoice, asked=asked)

    def find_invoice(self, metadata_key: str, metadata_value: str) -> GatewayInvoice | None:
        """Find the invoice that carries our key, or None.

        A create that was executed late can leave twins: one with money wins, else the oldest, so that the
        answer does not change when a twin appears.
        """

        def read(told: _Json) -> list[GatewayInvoice]:
            found = [read_invoice(item) for item in read_list(told, "invoices")]
            ensure(all(one.metadata.get(metadata_key) == metadata_value for one in found), "metadata")
            return found

        query = {f"metadata[{metadata_key}]": metadata_value}
        newest_first = self._call("find_invoice", "GET", "invoices", read=read, query=query)
        settled = [one for one in newest_first if any(paid.status in SETTLED for paid in one.payments)]
        return next(reversed(settled or newest_first), None)

    def cancel_invoice(self, invoice_id: str) -> GatewayInvoice:
        path, asked = ("invoices", invoice_id, "cancel"), {"id": invoice_id}
        return self._call("cancel_invoice", "PUT", *path, read=read_invoice, asked=asked)

    def create_payment(
        self,
        *,
        given_id: str,
        amount: int,
        currency: str,
        description: str,
        token: str,
        callback_url: str,
        metadata: Mapping[str, str],
        source_type: str = "token",
        manual: bool = False,
    ) -> GatewayPayment:
        """Charge a stored card (`token`) or wallet (`applepay`, `samsungpay`); `manual` only holds the money.

        A decline is an answer, not an error: status `failed`. After an unknown outcome fetch `given_id`.
        """
        body = {
            "given_id": given_id,
            "amount": _amount(amount),
            "currency": currency,
            "description": description,
            "callback_url": callback_url,
            "source": {"type": source_type, "token": token, "manual": manual},
            "metadata": dict(metadata),
            "apply_coupon": False,
        }
        asked = {"id": given_id}
        return self._call("create_payment", "POST", "payments", read=read_payment, body=body, asked=asked)

    def fetch_payment(self, payment_id: str) -> GatewayPayment:
        asked = {"id": payment_id}
        return self._call("fetch_payment", "GET", "payments", payment_id, read=read_payment, asked=asked)

    def list_payments(self, updated_after: datetime, page: int = 1) -> tuple[tuple[GatewayPayment, ...], int | None]:
        """The payments changed after that moment, newest first, and the number of the next page or None."""
        query = {"updated[gt]": stamp(updated_after)}
        return self._list("list_payments", "payments", key="payments", read_one=read_payment, page=page, query=query)

    def list_settlements(self, page: int = 1) -> tuple[tuple[Settlement, ...], int | None]:
        """What the gateway paid out, newest first, and the number of the next page or None."""
        return self._list("list_settlements", "settlements", key="settlements", read_one=read_settlement, page=page)

    def list_settlement_lines(self, settlement_id: str, page: int = 1) -> tuple[tuple[SettlementLine, ...], int | None]:
        """What one settlement is made of, and the number of the next page or None."""
        path = ("settlements", settlement_id, "lines")
        return self._list("list_settlement_lines", *path, key="lines", read_one=read_settlement_line, page=page)

    def capture_payment(self, payment_id: str, amount: int) -> GatewayPayment:
        return self._change("capture", payment_id, {"amount": _amount(amount)})

    def void_payment(self, payment_id: str) -> GatewayPayment:
        return self._change("void", payment_id)

    def refund_payment(self, payment_id: str, amount: int) -> GatewayPayment:
        """Give money back. The gateway has no refund id and no key: compare `refunded` before and after."""
        return self._change("refund", payment_id, {"amount": _amount(amount)})

    def _change(self, verb: str, payment_id: str, body: _Json | None = None) -> GatewayPayment:
        path, asked = ("payments", payment_id, verb), {"id": payment_id}
        return self._call(f"{verb}_payment", "POST", *path, read=read_payment, body=body, asked=asked)

    def _list(
        self,
        operation: str,
        *path: str,
        key: str,
        read_one: Callable[[Any], _Item],
        page: int,
        query: Mapping[str, str] | None = None,
    ) -> tuple[tuple[_Item, ...], int | None]:
        def read(told: _Json) -> tuple[tuple[_Item, ...], int | None]:
            meta: Any = told.get("meta")
            ensure(isinstance(meta, dict) and meta.get("next_page", page) in (None, page + 1), "meta")
            return tuple(read_one(item) for item in read_list(told, key)), meta["next_page"]

        return self._call(operation, "GET", *path, read=read, query={**(query or {}), "page": str(page)})

    def _call(
        self,
        operation: str,
        method: str,
        *path: str,
        read: Callable[[_Json], _Answer],
        body: _Json | None = None,
        query: Mapping[str, str] | None = None,
        asked: Mapping[str, object] | None = None,
    ) -> _Answer:
        """Return what `read` makes of the answer, whose attributes must equal what we `asked` for."""
        if not all(re.fullmatch("[A-Za-z0-9_-]{1,64}", part) for part in path):
            raise GatewayMissing(operation, "the gateway issues no such id")
        url, started = "/".join((self._base_url, *path)), time.monotonic()
        failure: GatewayError
        try:
            with calling("moyasar") as call:
                status, request_id, told = exchange(
                    method, url, secret_key=self._secret_key, timeout=self._timeout, body=body, query=query
                )
                call.answered(status)
            spent = (time.monotonic() - started) * 1000
            logger.info("%s: HTTP %d in %d ms, request %s", operation, status, spent, self._safe(request_id))
            if 200 <= status < 300:
                return _matching(read(told), asked or {})
            failure = self._refusal(operation, status, told)
        except Unusable as error:
            failure = GatewayOutcomeUnknown(operation, f"unusable answer: {error}")
        except (requests.RequestException, HTTPError) as error:
            kind = GatewayUnreachable if was_never_sent(error) else GatewayOutcomeUnknown
            failure = kind(operation, type(error).__name__)
        # Raised outside the handlers: requests' exceptions carry the request and its Authorization header.
        raise failure

    def _refusal(self, operation: str, status: int, told: _Json) -> GatewayError:
        kind, message = self._safe(told.get("type")), self._safe(told.get("message"))
        reason = f"HTTP {status}, {kind}: {message}" if kind else f"HTTP {status} without a JSON error"
        if status == 429:
            return GatewayBusy(operation, reason)
        if status in (401, 403, 405):
            return GatewayMisconfigured(operation, reason)
        if not kind or status == 408 or not 400 <= status < 500:
            return GatewayOutcomeUnknown(operation, reason)
        if status == 404:
            return GatewayMissing(operation, reason)
        return GatewayRejected(operation, kind, message, self._safe_errors(told.get("errors")))

    def _safe(self, text: object) -> str:
        return clean(text.replace(self._secret_key, "[secret]")) if isinstance(text, str) else ""

    def _safe_errors(self, told: object) -> dict[str, tuple[str, ...]]:
        """Bring the gateway's four shapes of `errors` (lists, strings, one string, null) into one."""
        shapes = told if isinstance(told, dict) else {"": told} if told else {}
        lists = {name: lines if isinstance(lines, list) else [lines] for name, lines in shapes.items()}
        return {self._safe(name): tuple(map(self._safe, lines)) for name, lines in lists.items()}


def _amount(halalas: int) -> int:
    """A wrong amount is our own programming error and must not reach the wire."""
    if type(halalas) is not int or not 0 < halalas <= MAX_AMOUNT:
        raise ValueError("An amount is a positive integer of halalas.")
    return halalas


def _matching(answer: _Answer, asked: Mapping[str, object]) -> _Answer:
    for name, value in asked.items():
        ensure(getattr(answer, name) == value, name)
    return answer
