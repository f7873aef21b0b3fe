"""The sandbox's test cards, wallet amounts, mobiles and codes: which charge ends how."""

from dataclasses import dataclass
from typing import Any

APPROVED_CARD = "4201320111111010"
DECLINED_CARD = "4201320000311101"
APPROVED_CODE = "00"

_MESSAGES = {
    "00": "APPROVED",
    "99": "UNSPECIFIED FAILURE",
    "51": "INSUFFICIENT FUNDS",
    "41": "LOST CARD",
    "05": "DECLINED",
    "54": "EXPIRED CARD",
    "61": "EXCEEDS WITHDRAWAL LIMIT",
    "43": "STOLEN CARD",
}
_CARDS = {
    "mada": {
        "4201320111111010": "00",
        "4201320000013020": "99",
        "4201320000311101": "51",
        "4201320131000508": "41",
        "4201321234411220": "05",
        "4201322267774310": "54",
        "4201326324640570": "61",
        "4201321144311528": "43",
    },
    "visa": {
        "4111111111111111": "00",
        "4123120000000000": "99",
        "4123120001090000": "51",
        "4123450131000508": "41",
        "4123120001090109": "05",
        "4123128518640738": "54",
        "4123123033308648": "61",
        "4123125276780003": "43",
    },
    "master": {
        "5421080101000000": "00",
        "5105105105105100": "99",
        "5457210001000092": "51",
        "5204010101000000": "41",
        "5204730000002514": "05",
        "5105107550274126": "54",
        "5105106475101067": "61",
        "5105107304607225": "43",
    },
    "amex": {"340000000900000": "00", "371111111111114": "99"},
    "unionpay": {"6200000000000005": "00"},
}
_FRICTIONLESS_CARD = "4111114005765430"
_CHALLENGE_FAILURES = {
    "4111118250252531": "3-D Secure transaction attempt failed (Not Available)",
    "4111113343111067": "3-D Secure transaction attempt failed (Enrollment)",
    "4111116611600661": "3-D Secure transaction attempt failed (Not Enrolled)",
    "4111112205628150": "3-D Secure transaction attempt failed (Attempted)",
    "4111115784228433": "3-D Secure transaction attempt failed (Rejected By Issuer)",
    "4111115620358287": "3-D Secure transaction attempt failed (Unavailable)",
}
_WALLET_CODES = (
    (range(100_000, 110_001), "99"),
    (range(110_100, 120_001), "51"),
    (range(120_100, 130_001), "41"),
    (range(130_100, 140_001), "05"),
    (range(140_100, 150_001), "54"),
    (range(150_100, 160_001), "61"),
    (range(160_100, 170_001), "43"),
)
_REFUSED_MOBILES = {
    "0515555555": "Mobile number is not registered to use the STC Pay service.",
    "0515555556": "Please update your information using the STC Pay app before attempting payment.",
    "0515555557": "The customer account status is invalid, please contact STC Pay support.",
    "0515555558": "You have exhausted your OTP attempts, please wait 15 minutes then try again.",
    "0515555559": "Please wait 60 seconds before attempting a new payment.",
}
STC_PAID_CODES = frozenset({"123456", "000000"})
STC_FAILURES = {
    "111111": "Insufficient Balance.",
    "222222": "You have exceeded the allowed daily transaction limit for your STC Pay account.",
    "333333": "You have exceeded the maximum allowed transaction amount.",
    "444444": "Connection timed out while waiting for response from STC Pay service.",
}
STC_WRONG_CODE = "Invalid OTP"


@dataclass(frozen=True)
class Verdict:
    """How a charge ends, and whether the payer is asked by 3-D Secure before."""

    code: str
    message: str
    company: str
    masked: str
    asks_payer: bool

    @property
    def approved(self) -> bool:
        return self.code == APPROVED_CODE

    def source(self, kind: str) -> dict[str, Any]:
        """The response's `source` object."""
        return {
            "type": kind,
            "company": self.company,
            "name": "Test Payer",
            "number": self.masked,
            "gateway_id": None,
            "reference_number": None,
            "token": None,
            "message": self.message,
            "transaction_url": None,
            "response_code": self.code,
            "authorization_code": None,
            "issuer_name": None,
            "issuer_country": "SA",
            "issuer_card_type": "debit" if self.company == "mada" else "credit",
            "issuer_card_category": None,
        }


def judge_card(number: str) -> Verdict:
    """Every card outside the table fails."""
    masked = f"XXXX-XXXX-XXXX-{number[-4:]}"
    if number == _FRICTIONLESS_CARD:
        return Verdict("00", "APPROVED", "visa", masked, asks_payer=False)
    if number in _CHALLENGE_FAILURES:
        return Verdict("99", _CHALLENGE_FAILURES[number], "visa", masked, asks_payer=False)
    for company, codes in _CARDS.items():
        if number in codes:
            code = codes[number]
            return Verdict(code, _MESSAGES[code], company, masked, asks_payer=code == "00")
    return Verdict("99", _MESSAGES["99"], "visa", masked, asks_payer=False)


def judge_token(token: str) -> Verdict:
    """The stand-in's own convention: a stored card's token is `token_` and the test card's number."""
    return judge_card(token.removeprefix("token_"))


def judge_wallet(amount: int) -> Verdict:
    """The sandbox decides wallets by amount. Amounts outside its table are undocumented; here they are paid."""
    code = next((code for amounts, code in _WALLET_CODES if amount in amounts), "00")
    return Verdict(code, _MESSAGES[code], "mada", "XXXX-XXXX-XXXX-1010", asks_payer=False)


def stc_source(mobile: str) -> dict[str, Any]:
    """The response's `source` object of a charge by STC Pay; its `message` says why the mobile itself is refused."""
    return {
        "type": "stcpay",
        "mobile": f"{mobile[:2]}XXXXX{mobile[-3:]}",
        "reference_number": None,
        "branch": None,
        "cashier": None,
        "transaction_url": None,
        "message": _REFUSED_MOBILES.get(mobile),
    }


def judge_stc_code(code: str) -> tuple[bool, str]:
    """Whether the code that the payer typed pays, and the message."""
    return (True, "Paid") if code in STC_PAID_CODES else (False, STC_FAILURES.get(code, STC_WRONG_CODE))
