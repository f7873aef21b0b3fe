"""What a customer would read of a text, what it costs as SMS, and what is wrong with it. Nothing is evaluated."""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.common.money import display_money
from apps.common.providers.segments import BASIC, EXTENSION, GSM7, Segments, segments
from apps.notifications import rendering, selectors
from apps.notifications.costs import price_of
from apps.notifications.models import Channel, Kind, Template
from apps.notifications.texts import HOUSE_TEXTS

# Values of the usual length for a salon that has no booking yet.
SAMPLES = {
    "ar": {
        "service": "قص وتصفيف الشعر",
        "staff": "نورة",
        "date": "الخميس 15/01/2026",
        "customer": "سارة",
        "amount": "345.50 ر.س",
    },
    "en": {
        "service": "Haircut and styling",
        "staff": "Noura",
        "date": "Thursday 15/01/2026",
        "customer": "Sara",
        "amount": "345.50 SAR",
    },
}
SAMPLE_LINK = "https://checkout.moyasar.com/invoices/5e7a1c3d-2b4f-4a6e-9d8c-0f1e2d3c4b5a"
SAME_IN_ALL = {"time": "18:30", "reference": "K7Q-3MX-9TP", "link": SAMPLE_LINK}
CHEAP = BASIC | EXTENSION
MOST_LETTERS = 10

NO_KIND = _("Choose what the message is about.")
NO_SALON = _("Choose the salon.")
GOES_AS_SMS = _("Without the id of an approved template, customers who read this language get an SMS.")


@dataclass(frozen=True, slots=True)
class Preview:
    """One language of a text. `problem` is why it cannot be saved; then nothing else is known but the placeholders.
    `note` says what is missing.

    `costly` are the (letter, its code point) of the salon's words that make an English SMS the costly kind, which
    would be `parts_without` SMS without them; `costly_values` are the placeholders whose values do. `numbering` are
    (number, placeholder, value) of a WhatsApp template.
    """

    locale: str
    placeholders: list[str] = field(default_factory=list)
    problem: str = ""
    note: str = ""
    is_house: bool = False
    body: str = ""
    reference: str = ""
    parts: Segments | None = None
    costly: list[tuple[str, str]] = field(default_factory=list)
    parts_without: int = 0
    costly_values: list[str] = field(default_factory=list)
    numbering: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def direction(self):
        return rendering.direction_of(self.locale)

    @property
    def price(self):
        return display_money(price_of(self.parts.count))

    @property
    def name(self):
        """The name of the text's box in the form."""
        return f"body_{self.locale}"


def preview_of(template, locale, *, reader):
    """The Preview of an unsaved or saved `template` in `locale`, filled with a booking that `reader` sees."""
    if template.kind not in Kind.values:
        return Preview(locale, note=str(NO_KIND))
    known = {"locale": locale, "placeholders": sorted(rendering.PLACEHOLDERS[template.kind])}
    text = getattr(template, f"body_{locale}")
    if problem := _problem(template, locale, text):
        return Preview(**known, problem=problem)
    if template.salon_id is None:
        return Preview(**known, note=str(NO_SALON))
    booking = selectors.example_booking(template.salon_id, reader)
    values = _values(template, booking, locale)
    known["reference"] = booking.display_reference if booking else ""
    if template.channel == Channel.WHATSAPP:
        return _as_whatsapp(template, text, values, known)
    return _as_sms(text or HOUSE_TEXTS[template.kind][locale], values, {**known, "is_house": not text})


def _problem(template, locale, text):
    """The first sentence that a form would say to `text`."""
    try:
        Template._meta.get_field(f"body_{locale}").formfield().clean(text)
        template.clean()
    except ValidationError as error:
        said = error.message_dict.get(f"body_{locale}", []) if hasattr(error, "error_dict") else error.messages
        return said[0] if said else ""
    return ""


def _values(template, booking, locale):
    if booking is not None:
        return rendering.message_values(booking, locale, amount=booking.price_amount, link=SAMPLE_LINK)
    with translation.override(locale):
        return {**SAME_IN_ALL, **SAMPLES[locale], "salon": template.salon.name}


def _as_whatsapp(template, text, values, known):
    is_approved = bool(getattr(template, f"provider_id_{known['locale']}"))
    names = dict.fromkeys(rendering.PLACEHOLDER.findall(text))
    numbered = zip(names, rendering.variables(text, values), strict=True)
    return Preview(
        **known,
        body=rendering.render(text, values),
        note="" if is_approved else str(GOES_AS_SMS),
        numbering=[
            (f"{{{{{number}}}}}", f"{{{name}}}", value) for number, (name, value) in enumerate(numbered, start=1)
        ],
    )


def _as_sms(text, values, known):
    body = rendering.render(text, values)
    parts = segments(body)
    is_costly = known["locale"] == User.Locale.ENGLISH and parts.encoding != GSM7
    return Preview(**known, body=body, parts=parts, **(_why_costly(text, body, values) if is_costly else {}))


def _why_costly(text, body, values):
    words, names = rendering.PLACEHOLDER.sub("", text), dict.fromkeys(rendering.PLACEHOLDER.findall(text))
    avoidable = set(words) - CHEAP
    cheaper = "".join(" " if letter in avoidable else letter for letter in body)
    return {
        "costly": costly_letters(words),
        "parts_without": segments(cheaper).count,
        "costly_values": [f"{{{name}}}" for name in names if not CHEAP.issuperset(values.get(name) or "")],
    }


def costly_letters(text):
    """The letters of `text` that no cheap SMS holds, each with its code point, in the order in which they stand."""
    letters = [letter for letter in dict.fromkeys(text) if letter not in CHEAP]
    return [(letter, f"U+{ord(letter):04X}") for letter in letters[:MOST_LETTERS]]


def measured(template, locale):
    """Encoding, length and number of SMS of a saved text with values of the usual length, for a list."""
    text = getattr(template, f"body_{locale}")
    if not text or template.channel != Channel.SMS or not rendering.is_valid_text(text, template.kind):
        return ""
    parts = segments(rendering.render(text, _values(template, None, locale)))
    length = ngettext("%(units)s character", "%(units)s characters", parts.units) % {"units": parts.units}
    messages = ngettext("%(count)s SMS", "%(count)s SMS", parts.count) % {"count": parts.count}
    return _("%(encoding)s, %(length)s, %(messages)s") % {
        "encoding": parts.encoding,
        "length": length,
        "messages": messages,
    }
