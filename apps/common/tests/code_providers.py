"""What Twilio, Unifonic and Authentica do about one-time codes, for `provider_stand_in`.

It keeps real state: texts arrive in `inbox`, codes are made, counted, used up and forgotten, and its clock stands still
until `seconds` is moved. Where a provider's documents are silent, one of the possible behaviours was chosen; tests
script the others.
"""

import json
import re
import secrets
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import parse_qsl
from uuid import uuid4

PLUS = re.compile(r"\+[1-9]\d{7,14}")
DIGITS = re.compile(r"[1-9]\d{7,14}")
CHANNELS = {"sms", "whatsapp"}
LOCALES = {"ar", "en"}

TWILIO_ACCOUNT, TWILIO_TOKEN, TWILIO_FROM = "AC00000000000000000000000000000001", "twilio-canary-token", "+966110000000"
TWILIO_TEMPLATES = {"ar": f"HX{1:032d}", "en": f"HX{2:032d}"}
VERIFY_SERVICE = "VA00000000000000000000000000000001"
UNIFONIC_APP_SID, UNIFONIC_SENDER = "unifonic-canary-appsid", "SALON"
AUTHENTICATE_APP, AUTHENTICATE_TOKEN = "authenticate-canary-app", "authenticate-canary-token"
AUTHENTICA_KEY, AUTHENTICA_SENDER = "$2y$10$" + "authentica.canary/key" * 2 + "0123456789a", "SALON"


def settings_of(url):
    """The settings under which everything goes to `url`, with credentials that are accepted there."""
    return {
        "TWILIO_ACCOUNT_SID": TWILIO_ACCOUNT,
        "TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
        "TWILIO_FROM": TWILIO_FROM,
        "TWILIO_OTP_TEMPLATE_AR": TWILIO_TEMPLATES["ar"],
        "TWILIO_OTP_TEMPLATE_EN": TWILIO_TEMPLATES["en"],
        "TWILIO_BASE_URL": url,
        "TWILIO_VERIFY_BASE_URL": url,
        "UNIFONIC_APP_SID": UNIFONIC_APP_SID,
        "UNIFONIC_SENDER_ID": UNIFONIC_SENDER,
        "UNIFONIC_BASE_URL": url,
        "UNIFONIC_AUTHENTICATE_BASE_URL": url,
        "AUTHENTICA_API_KEY": AUTHENTICA_KEY,
        "AUTHENTICA_SENDER_NAME": AUTHENTICA_SENDER,
        "AUTHENTICA_BASE_URL": url,
    }


# What hands the codes over to each of them.
HOLDING = {
    "twilio": {"TWILIO_VERIFY_SERVICE_SID": VERIFY_SERVICE},
    "unifonic": {"UNIFONIC_AUTHENTICATE_APP_ID": AUTHENTICATE_APP, "UNIFONIC_AUTHENTICATE_TOKEN": AUTHENTICATE_TOKEN},
    "authentica": {"AUTHENTICA_HOLDS_CODES": True},
}
CREDENTIAL = {
    "twilio": "TWILIO_AUTH_TOKEN",
    "unifonic": "UNIFONIC_AUTHENTICATE_TOKEN",
    "authentica": "AUTHENTICA_API_KEY",
}


@dataclass(frozen=True)
class Text:
    """What reached a phone. `code` is what its owner would type."""

    to: str
    channel: str
    code: str
    body: str


@dataclass
class OpenCode:
    key: str
    to: str
    channel: str
    code: str
    made_at: int
    sends: int = 0
    checks: int = 0
    used: bool = False


class CodeProviders:
    """All of them in one place, each under its own paths and with its own rules."""

    def __init__(self):
        self.seconds = 0
        self.inbox = []
        self._verify = {}
        self._authenticate = {}
        self._authentica = {}
        self._routes = {
            f"/2010-04-01/Accounts/{TWILIO_ACCOUNT}/Messages.json": self._twilio_message,
            f"/v2/Services/{VERIFY_SERVICE}/Verifications": self._verify_start,
            f"/v2/Services/{VERIFY_SERVICE}/VerificationCheck": self._verify_check,
            "/rest/SMS/messages": self._unifonic_message,
            "/services/api/v2/verifications/start": self._authenticate_start,
            "/services/api/v2/verifications/check": self._authenticate_check,
            "/api/v2/send-otp": self._authentica_send,
            "/api/v2/verify-otp": self._authentica_verify,
        }

    def __call__(self, path, headers, body):
        if path not in self._routes:
            return 404, {"code": 20404, "message": "The requested resource was not found", "status": 404}
        return self._routes[path](headers, body)

    def _deliver(self, to, channel, code, body=""):
        self.inbox.append(Text(to, channel, code, body))

    def _open(self, codes, key, lifetime):
        """The code that is still kept under `key`; one that is older is forgotten."""
        code = codes.get(key)
        if code is not None and self.seconds - code.made_at >= lifetime:
            del codes[key]
            return None
        return code

    def _new(self, to, channel, key):
        return OpenCode(key, to, channel, f"{secrets.randbelow(10**6):06d}", self.seconds)

    # Twilio

    def _twilio_message(self, headers, body):
        fields, refusal = twilio_request(headers, body)
        if refusal:
            return refusal
        to, sender = fields.get("To", ""), fields.get("From", "")
        channel = "whatsapp" if to.startswith("whatsapp:") else "sms"
        if not to:
            return twilio_error(400, 21604, "A 'To' phone number is required.")
        if not PLUS.fullmatch(to.removeprefix("whatsapp:")):
            return twilio_error(400, 21211, f"Invalid 'To' Phone Number: {to}")
        if sender != (f"whatsapp:{TWILIO_FROM}" if channel == "whatsapp" else TWILIO_FROM):
            return twilio_error(400, 21606, f"The 'From' phone number {sender} is not valid")
        if channel == "whatsapp" and fields.get("ContentSid") not in TWILIO_TEMPLATES.values():
            return twilio_error(400, 63016, "Outside the allowed window, use a template")
        body = fields.get("Body") or json.loads(fields["ContentVariables"])["1"]
        self._deliver(to.removeprefix("whatsapp:"), channel, _typed(body), body)
        return 201, {"sid": f"SM{uuid4().hex}", "status": "queued", "error_code": None, "to": to, "body": body}

    def _verify_start(self, headers, body):
        fields, refusal = twilio_request(headers, body)
        if refusal:
            return refusal
        to, channel = fields.get("To", ""), fields.get("Channel")
        if not PLUS.fullmatch(to) or channel not in CHANNELS or fields.get("Locale") not in LOCALES:
            return twilio_error(400, 60200, f"Invalid parameter: {to}")
        code = self._open(self._verify, to, 600) or self._new(to, channel, f"VE{uuid4().hex}")
        if code.sends == 5:
            return twilio_error(429, 60203, "Max send attempts reached")
        self._verify[to] = code
        code.sends += 1
        self._deliver(to, channel, code.code)
        return 201, _verification(code, "pending", channel)

    def _verify_check(self, headers, body):
        fields, refusal = twilio_request(headers, body)
        if refusal:
            return refusal
        kept = {code.key: to for to, code in self._verify.items()}
        to = fields.get("To") or kept.get(fields.get("VerificationSid"), "")
        code = self._open(self._verify, to, 600)
        if code is None:
            return twilio_error(404, 20404, "The requested resource was not found")
        if not fields.get("Code"):
            return twilio_error(400, 60200, "Invalid parameter: Code")
        code.checks += 1
        if code.checks > 5:
            del self._verify[to]
            return twilio_error(429, 60202, "Max check attempts reached")
        if fields["Code"] != code.code:
            return 200, _verification(code, "pending", code.channel)
        del self._verify[to]
        return 200, _verification(code, "approved", code.channel)

    # Unifonic

    def _unifonic_message(self, headers, body):
        fields = form(headers, body)
        if not fields.get("AppSid"):
            return 402, unifonic_error("ER-02", "Missing parameter AppSid")
        if fields["AppSid"] != UNIFONIC_APP_SID:
            return 401, unifonic_error("ER-02", "Authentication failed")
        if fields.get("SenderID") != UNIFONIC_SENDER:
            return 200, unifonic_error("ER-08", "Sender is not registered")
        to = fields.get("Recipient", "")
        if not DIGITS.fullmatch(to):
            return 200, unifonic_error("ER-02", f"Invalid destination number {to}")
        if any(text.to == f"+{to}" and text.body == fields["Body"] for text in self.inbox):
            return 200, unifonic_error("ER-09", "Duplicate message")
        self._deliver(f"+{to}", "sms", _typed(fields["Body"]), fields["Body"])
        data = {"MessageID": 3200017889310 + len(self.inbox), "Status": "Queued", "Recipient": to}
        return 200, {"success": True, "message": "", "errorCode": "ER-00", "data": data}

    def _authenticate_start(self, headers, body):
        fields, refusal = _authenticate_request(headers, body)
        if refusal:
            return refusal
        length = int(fields.get("length", 4))
        code = self._new(fields["to"], fields["channel"], str(uuid4()))
        code.code = code.code[:length]
        self._authenticate[code.to, code.channel] = code
        self._deliver(code.to, code.channel, code.code)
        return 200, _authenticate_answer(code, "correct", 101)

    def _authenticate_check(self, headers, body):
        fields, refusal = _authenticate_request(headers, body)
        if refusal:
            return refusal
        code = self._authenticate.get((fields["to"], fields["channel"]))
        if code is None or "code" not in fields:
            return 400, {}
        if code.used:
            return 200, _authenticate_answer(code, "incorrect", 110)
        if self.seconds - code.made_at >= 300:
            return 200, _authenticate_answer(code, "incorrect", 109)
        code.checks += 1
        if code.checks > 3:
            return 200, _authenticate_answer(code, "incorrect", 108)
        if fields["code"] != code.code:
            return 200, _authenticate_answer(code, "incorrect", 107)
        code.used = True
        return 200, _authenticate_answer(code, "correct", 101)

    # Authentica

    def _authentica_send(self, headers, body):
        fields, refusal = authentica_request(headers, body)
        if refusal:
            return refusal
        if fields.get("method") not in CHANNELS:
            return 422, {"errors": [{"message": "The method is invalid."}]}
        code = self._new(fields["phone"], fields["method"], fields["phone"])
        if "otp" in fields:
            code.code = fields["otp"]  # ours: carried, and not kept
        else:
            self._authentica[code.to] = code
        self._deliver(code.to, code.channel, code.code)
        return 200, {"success": True, "data": None, "message": "OTP send successfully"}

    def _authentica_verify(self, headers, body):
        fields, refusal = authentica_request(headers, body)
        if refusal:
            return refusal
        code = self._open(self._authentica, fields["phone"], 300)
        if code is None or fields.get("otp") != code.code:
            return 200, {"status": False, "message": f"{fields.get('otp')} is wrong for {fields['phone']}"}
        del self._authentica[code.to]
        return 200, {"status": True, "message": "OTP verified successfully"}


def _typed(body):
    """The code a person reads in a text."""
    found = re.search(r"(?<!\d)\d{4,10}(?!\d)", body)
    return found[0] if found else ""


def form(headers, body):
    """The fields; none at all where the body does not come as a form."""
    is_form = headers["Content-Type"] == "application/x-www-form-urlencoded"
    return dict(parse_qsl(body)) if is_form else {}


def twilio_request(headers, body):
    expected = "Basic " + b64encode(f"{TWILIO_ACCOUNT}:{TWILIO_TOKEN}".encode()).decode()
    if headers["Authorization"] != expected:
        return {}, twilio_error(401, 20003, "Authenticate")
    return form(headers, body), None


def twilio_error(status, code, message):
    more = f"https://www.twilio.com/docs/errors/{code}"
    return status, {"code": code, "message": message, "more_info": more, "status": status}


def _verification(code, status, channel):
    return {
        "sid": code.key,
        "service_sid": VERIFY_SERVICE,
        "account_sid": TWILIO_ACCOUNT,
        "to": code.to,
        "channel": channel,
        "status": status,
        "valid": status == "approved",
    }


def unifonic_error(code, message):
    return {"success": False, "message": message, "errorCode": code, "data": {}}


def _authenticate_request(headers, body):
    given = headers["x-authenticate-app-id"], headers["Authorization"]
    if given != (AUTHENTICATE_APP, f"Bearer {AUTHENTICATE_TOKEN}"):
        return {}, (401, {"message": "Unauthorized"})
    fields = form(headers, body)
    right_locale = fields.get("locale", "ar") in LOCALES
    if not PLUS.fullmatch(fields.get("to", "")) or fields.get("channel") not in CHANNELS or not right_locale:
        return {}, (400, {})
    return fields, None


def _authenticate_answer(code, word, error_code):
    return {
        "id": code.key,
        "response_status": word,
        "error_code": error_code,
        "code_type": "numeric",
        "locale": "ar",
        "length": len(code.code),
        "to": code.to,
        "channel": code.channel,
    }


def authentica_request(headers, body):
    if headers["X-Authorization"] != AUTHENTICA_KEY:
        return {}, (401, {"success": False, "message": "Unauthenticated."})
    fields = json.loads(body) if headers["Content-Type"] == headers["Accept"] == "application/json" else {}
    if not PLUS.fullmatch(fields.get("phone", "")):
        return {}, (422, {"errors": [{"message": f"The phone {fields.get('phone')} is invalid."}]})
    return fields, None
