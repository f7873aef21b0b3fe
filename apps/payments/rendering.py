"""A tax document as a page to print and as a PDF: in Arabic, as the law asks, with English beside it.

The page is the same for every reader. Whatever could change after the issue is read as it was then.
"""

from zoneinfo import ZoneInfo

import segno
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, gettext_noop, override

from apps.common.admin.displays import left_to_right
from apps.common.hijri import hijri_text
from apps.payments import reasons
from apps.payments.errors import PdfUnavailable
from apps.payments.models import TaxDocument
from apps.payments.tax import Line

STYLES = ("project/css/fonts.css", "project/css/tax-document.css")
TITLES = {
    TaxDocument.Kind.INVOICE: gettext_noop("Simplified tax invoice"),
    TaxDocument.Kind.CREDIT_NOTE: gettext_noop("Credit note for a simplified tax invoice"),
}
LABELS = {
    "item": gettext_noop("Service"),
    "net": gettext_noop("Without VAT"),
    "vat": gettext_noop("VAT"),
    "gross": gettext_noop("Total with VAT"),
    "currency": gettext_noop("All amounts in Saudi riyals"),
    "code": gettext_noop("Code of the tax authority"),
    "print": gettext_noop("Print"),
}


def page(document):
    """HTML of the document (a TaxDocument with salon, payment's booking, corrects and refund), for a browser."""
    return _html(document, styles=STYLES)


def pdf(document):
    """The same as bytes of a PDF on A4. Raises PdfUnavailable where the system cannot make one."""
    try:
        from weasyprint import CSS, HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:  # the package, or a library of the system that it loads
        raise PdfUnavailable from error
    fetcher = URLFetcher(allowed_protocols=["file"])
    sheets = [CSS(filename=finders.find(name), url_fetcher=fetcher) for name in STYLES]
    return HTML(string=_html(document), url_fetcher=fetcher).write_pdf(stylesheets=sheets)


def qr_image(payload):
    """The code as an inline image: black on white in every theme, with the empty border that readers need."""
    code = segno.make(payload, error="m", micro=False)
    return mark_safe(code.svg_inline(scale=4, light="white"))  # noqa: S308 - drawn here, no text of anybody in it


def _html(document, *, styles=()):
    title = TITLES[document.kind]
    context = {
        "title": _both(title),
        "heading": f"{_in('ar', title)} {document.number} – {_in('en', title)} {document.number}",
        "facts": _facts(document),
        "lines": [(line, _amounts(line.net, line.vat, line.gross)) for line in map(Line.of, document.lines)],
        "totals": _amounts(document.net_amount, document.vat_amount, document.gross_amount),
        "uuid": document.uuid,
        "vat_label": _both(gettext_noop("VAT %(rate)s%%"), rate=f"{document.vat_rate.normalize():f}"),
        "code": qr_image(document.qr_payload),
        "labels": {name: _both(text) for name, text in LABELS.items()},
        "styles": styles,
    }
    return render_to_string("payments/tax/document.html", context)


def _facts(document):
    """(label, value) in the order of the page; a value that is not known is left out."""
    issued, booking = _local(document, document.issued_at), document.payment.booking
    facts = [
        (gettext_noop("Number"), document.number),
        (gettext_noop("Seller"), document.seller_name),
        (gettext_noop("Address"), _address_of(document)),
        (gettext_noop("VAT number"), document.seller_vat_number),
        (gettext_noop("Date and time"), left_to_right(f"{issued:%Y-%m-%d %H:%M}")),
        (gettext_noop("Hijri date"), _hijri(issued.date())),
        (gettext_noop("Booking"), left_to_right(booking.display_reference)),
    ]
    if document.corrects:
        corrected = document.corrects
        day = f"{_local(document, corrected.issued_at):%Y-%m-%d}"
        facts += [
            (gettext_noop("Corrects invoice"), left_to_right(f"{corrected.number} · {day}")),
            (gettext_noop("Reason"), _reason(document.refund.reason)),
        ]
    return [(_both(label), value) for label, value in facts if value]


def _amounts(*amounts):
    """Text that is the same in every language, with Western digits."""
    return [f"{amount:,.2f}" for amount in amounts]


def _address_of(document):
    """Where the salon was when it issued the document: it may have moved since."""
    then = document.salon.history.filter(history_date__lte=document.issued_at).order_by("-history_date", "-history_id")
    salon = then.first() or document.salon
    with override("ar"):
        city = str(salon.get_city_display())
    return salon.address if city in salon.address else "، ".join(filter(None, (salon.address, city)))


def _hijri(day):
    told = []
    for language in ("ar", "en"):
        with override(language):
            told.append(hijri_text(day))
    return _pair(*told) if all(told) else ""


def _reason(kept):
    """Our own words in both languages; a person's once, as they were written."""
    told = []
    for language in ("ar", "en"):
        with override(language):
            told.append(reasons.explain(kept))
    return _pair(*told) if told[0] != told[1] else told[0]


def _local(document, moment):
    return timezone.localtime(moment, ZoneInfo(document.salon.timezone))


def _both(text, **params):
    """A text of ours in Arabic and, beside it, in English."""
    return _pair(*(_in(language, text) % params if params else _in(language, text) for language in ("ar", "en")))


def _pair(arabic, english):
    return format_html('<span lang="ar">{}</span> <span lang="en" dir="ltr">{}</span>', arabic, english)


def _in(language, text):
    with override(language):
        return gettext(text)
