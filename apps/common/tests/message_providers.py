"""What Twilio, Unifonic and Authentica do about messages, for `provider_stand_in`.

They keep real state: what customers got is in `inbox`, and a clock that stands still until `seconds` is moved decides
what is a repetition. Where a provider's documents are silent, one of the possible behaviours was chosen; tests script
the others, mostly with `Acted`.
"""

import json
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from apps.common.providers.segments import segments
from apps.common.tests import code_providers
from apps.common.tests.code_providers import (
    AUTHENTICA_SENDER,
    DIGITS,
    PLUS,
    TWILIO_ACCOUNT,
    TWILIO_FROM,
    UNIFONIC_APP_SID,
    UNIFONIC_SENDER,
    authentica_request,
    form,
    twilio_error,
    twilio_request,
    unifonic_error,
)

TWILIO_WHATSAPP_FROM = "+966119999999"
PROMOTIONAL_SENDER = "SALON-AD"
CONVERSATIONS_PUBLIC_ID, CONVERSATIONS_SECRET = "conversations-canary-id", "conversations-canary-secret"
LANDLINE = "9661"
DUPLICATE_WINDOW = 300  # seconds; the real one is not documented
PRICE = 0.09


def settings_of(url):
    """The settings under which every message goes to `url`, with credentials that are accepted there."""
    return {
        **code_providers.settings_of(url),
        "TWILIO_WHATSAPP_FROM": TWILIO_WHATSAPP_FROM,
        "UNIFONIC_PUBLIC_ID": CONVERSATIONS_PUBLIC_ID,
        "UNIFONIC_SECRET": CONVERSATIONS_SECRET,
        "UNIFONIC_CONVERSATIONS_BASE_URL": url,
    }


@dataclass(frozen=True)
class Carried:
    """A message that a customer really got.

    `reference` is our number of it, where the provider was told one. `body` is "" for a template.
    """

    to: str
    channel: str
    sender: str
    message_id: str
    reference: str = ""
    body: str = ""
    message_type: str = ""
    template: str = ""
    language: str = ""
    variables: tuple = ()
    word: str = "queued"
    at: int = 0


class _Provider:
    """What customers got from it is in `inbox`."""

    def __init__(self):
        self.inbox = []

    def report(self, message_id, word):
        """Let it know what became of a message."""
        self.inbox = [replace(kept, word=word) if kept.message_id == message_id else kept for kept in self.inbox]


class TwilioMessages(_Provider):
    """SMS and WhatsApp. It takes the same message as often as it comes."""

    def __init__(self):
        super().__init__()
        self.opted_out = set()

    def __call__(self, path, headers, body):
        fields, refusal = twilio_request(headers, body or "")
        if refusal:
            return refusal
        if body is None:
            return self._fetched(path.removesuffix(".json").rpartition("/")[2])
        return self._refusal(fields) or self._taken(fields)

    def _refusal(self, fields):
        channel, to = _twilio_address(fields.get("To", ""))
        own = f"whatsapp:{TWILIO_WHATSAPP_FROM}" if channel == "whatsapp" else TWILIO_FROM
        callback = urlsplit(fields.get("StatusCallback", "https://host.example"))
        if not to:
            return twilio_error(400, 21604, "A 'To' phone number is required.")
        if not PLUS.fullmatch(to):
            return twilio_error(400, 21211, f"Invalid 'To' Phone Number: {to}")
        if to.startswith(f"+{LANDLINE}"):
            return twilio_error(400, 21614, f"'To' number is not a valid mobile number: {to}")
        if to in self.opted_out:
            return twilio_error(400, 21610, f"Attempt to send to unsubscribed recipient {to}")
        if fields.get("From") not in {own, PROMOTIONAL_SENDER if channel == "sms" else own}:
            return twilio_error(400, 21606, f"The 'From' phone number {fields.get('From')} is not valid")
        if callback.scheme not in {"http", "https"} or "_" in callback.hostname:
            return twilio_error(400, 21609, "The 'StatusCallback' URL is not valid.")
        if channel == "whatsapp" and not fields.get("ContentSid", "").startswith("HX"):
            return twilio_error(400, 63016, "Failed to send freeform message outside the allowed window")
        return None

    def _taken(self, fields):
        channel, to = _twilio_address(fields["To"])
        variables = json.loads(fields.get("ContentVariables", "{}"))
        callback = parse_qs(urlsplit(fields.get("StatusCallback", "")).query)
        message = Carried(
            to,
            channel,
            fields["From"].removeprefix("whatsapp:"),
            f"SM{uuid4().hex}",
            reference=callback.get("attempt", [""])[0],
            body=fields.get("Body", ""),
            template=fields.get("ContentSid", ""),
            variables=tuple(variables[str(place)] for place in range(1, len(variables) + 1)),
        )
        self.inbox.append(message)
        return 201, _twilio_message(message)

    def _fetched(self, message_id):
        for message in self.inbox:
            if message.message_id == message_id:
                return 200, _twilio_message(message)
        return twilio_error(404, 20404, "The requested resource was not found")


class UnifonicSms(_Provider):
    """SMS. It refuses the same text to the same number for a while, and finds a message by its id or by ours."""

    def __init__(self):
        super().__init__()
        self.seconds = 0
        self.duplicate_status = 200

    def __call__(self, path, headers, body):
        fields = form(headers, body or "")
        if not fields.get("AppSid"):
            return 402, unifonic_error("ER-02", "Missing parameter AppSid")
        if fields["AppSid"] != UNIFONIC_APP_SID:
            return 401, unifonic_error("ER-02", "Authentication failed")
        if path.endswith("/GetMessagesDetails"):
            return self._found(fields)
        return self._refusal(fields) or self._taken(fields)

    def _refusal(self, fields):
        to, sender = fields.get("Recipient", ""), fields.get("SenderID")
        fitting = PROMOTIONAL_SENDER if fields.get("MessageType") == "5" else UNIFONIC_SENDER
        if sender != fitting:
            return 200, unifonic_error("ER-08", "Sender is not registered")
        if not to.isdigit() or to.startswith("0"):
            return 200, unifonic_error("ER-02", f"Invalid destination number {to}")
        if len(to) > 15:
            return 200, unifonic_error("ER-03", "Dest num is too long")
        if not DIGITS.fullmatch(to):
            return 200, unifonic_error("ER-04", "Dest num is too short")
        if to.startswith(LANDLINE):
            return 200, unifonic_error("ER-05", f"No route to {to}")
        if not fields.get("Body"):
            return 200, unifonic_error("ER-06", "Body is empty")
        if any(self._is_repeated(kept, f"+{to}", fields["Body"]) for kept in self.inbox):
            return self.duplicate_status, unifonic_error("ER-09", "Duplicate message")
        return None

    def _is_repeated(self, kept, to, body):
        return (kept.to, kept.body) == (to, body) and self.seconds - kept.at < DUPLICATE_WINDOW

    def _taken(self, fields):
        message = Carried(
            f"+{fields['Recipient']}",
            "sms",
            fields["SenderID"],
            str(3200017889310 + len(self.inbox)),
            reference=fields.get("CorrelationID", ""),
            body=fields["Body"],
            message_type=fields.get("MessageType", ""),
            at=self.seconds,
        )
        self.inbox.append(message)
        data = {
            "MessageID": int(message.message_id),
            "CorrelationID": message.reference,
            "Status": "Queued",
            "NumberOfUnits": 0,
            "Cost": 0,
            "Balance": 0,
            "Recipient": fields["Recipient"],
            "TimeCreated": "2018-05-07 06:41:53.237",
            "CurrencyCode": "",
        }
        return 200, {"success": True, "message": "", "errorCode": "ER-00", "data": data}

    def _found(self, fields):
        asked = {name: fields[name] for name in ("MessageID", "CorrelationID", "Recipient") if name in fields}
        shown = [_unifonic_detail(message) for message in self.inbox]
        found = [detail for detail in shown if all(str(detail[name]) == value for name, value in asked.items())]
        found = found[: int(fields.get("Limit", 100))]
        data = {"messages": found, "CurrencyCode": "SAR", "TotalTextMessages": len(found), "Next": "", "Prev": ""}
        return 200, {"success": True, "message": "", "errorCode": "ER-00", "data": data}


class UnifonicConversations(_Provider):
    """WhatsApp. Nobody has opened a session, so it takes templates only."""

    def __call__(self, path, headers, body):
        if (headers["PublicId"], headers["Secret"]) != (CONVERSATIONS_PUBLIC_ID, CONVERSATIONS_SECRET):
            return 401, {"message": "Unauthorized"}
        payload = json.loads(body)
        recipient, content = payload["recipient"], payload["content"]
        if not PLUS.fullmatch(recipient["contact"]) or recipient["channel"] != "whatsapp":
            return 400, {"message": f"Invalid recipient {recipient['contact']}"}
        if content["type"] != "template":
            return 400, {"message": "No session is open"}
        parameters = [part["parameters"] for part in content["components"] if part["type"] == "body"]
        message = Carried(
            recipient["contact"],
            "whatsapp",
            "",
            str(uuid4()),
            template=content["name"],
            language=content["language"]["code"],
            variables=tuple(parameter["text"] for filled in parameters for parameter in filled),
        )
        self.inbox.append(message)
        return 200, {"messageId": message.message_id}


class AuthenticaSms(_Provider):
    """SMS. It names no message and can be asked for none."""

    def __call__(self, path, headers, body):
        fields, refusal = authentica_request(headers, body)
        if refusal:
            return refusal
        if fields.get("sender_name") not in {AUTHENTICA_SENDER, PROMOTIONAL_SENDER}:
            return 422, {"errors": [{"message": "The sender name is invalid."}]}
        self.inbox.append(Carried(fields["phone"], "sms", fields["sender_name"], "", body=fields["message"]))
        return 200, {"success": True, "data": None, "message": "SMS sent successfully"}


class MessageProviders:
    """All of them in one place, each under its own paths and with its own rules."""

    def __init__(self):
        self.twilio_messages = TwilioMessages()
        self.unifonic_sms = UnifonicSms()
        self.unifonic_conversations = UnifonicConversations()
        self.authentica_sms = AuthenticaSms()
        self._routes = {
            f"/2010-04-01/Accounts/{TWILIO_ACCOUNT}/Messages": self.twilio_messages,
            "/rest/SMS/": self.unifonic_sms,
            "/v1/messages": self.unifonic_conversations,
            "/api/v2/send-sms": self.authentica_sms,
        }

    def __call__(self, path, headers, body):
        for prefix, provider in self._routes.items():
            if path.startswith(prefix):
                return provider(path, headers, body)
        return 404, {"message": "Not found"}

    @property
    def inbox(self):
        """What customers really got, from any of them."""
        return [message for provider in self._routes.values() for message in provider.inbox]


def _twilio_address(address):
    return ("whatsapp" if address.startswith("whatsapp:") else "sms"), address.removeprefix("whatsapp:")


def _twilio_message(message):
    prefix = "whatsapp:" if message.channel == "whatsapp" else ""
    uri = f"/2010-04-01/Accounts/{TWILIO_ACCOUNT}/Messages/{message.message_id}.json"
    is_billed = message.word not in {"queued", "accepted", "failed"}
    return {
        "sid": message.message_id,
        "status": message.word,
        "to": prefix + message.to,
        "from": prefix + message.sender,
        "body": message.body,
        "num_segments": str(segments(message.body).count or 1),
        "num_media": "0",
        "direction": "outbound-api",
        "price": f"-{PRICE:.5f}" if is_billed else None,
        "price_unit": "USD",
        "error_code": 30005 if message.word == "undelivered" else None,
        "error_message": None,
        "uri": uri,
        "account_sid": TWILIO_ACCOUNT,
        "messaging_service_sid": None,
        "date_created": "Fri, 09 Jan 2026 09:00:00 +0000",
        "date_sent": None,
        "date_updated": "Fri, 09 Jan 2026 09:00:00 +0000",
        "api_version": "2010-04-01",
        "subresource_uris": {},
    }


def _unifonic_detail(message):
    return {
        "MessageID": int(message.message_id),
        "CorrelationID": message.reference,
        "Status": "Queued" if message.word == "queued" else "Sent",
        "MessageBody": message.body,
        "Country": "Saudi Arabia",
        "DLR": "" if message.word == "queued" else message.word.title(),
        "NumberOfUnits": 0 if message.word == "queued" else segments(message.body).count,
        "Cost": 0 if message.word == "queued" else PRICE,
        "SenderID": message.sender,
        "Recipient": message.to.removeprefix("+"),
        "DateCreated": "2026-01-09 09:00:00",
        "DateSent": "2026-01-09 09:00:01",
    }
