"""The page of a tax document and its PDF: who reads them and what stands there."""

import builtins
import csv
import re
from datetime import timedelta
from decimal import Decimal
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.utils import translation

from apps.accounts.tests.factories import PlatformUserFactory
from apps.payments import rendering, services
from apps.payments.models import TaxDocument
from apps.payments.tests.pages import browser, changelist, messages, text, url
from apps.payments.tests.support import ask_refund

Kind = TaxDocument.Kind


def pay(house, book, amount="115.00", **where):
    booking = book(house, **where)
    return services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal(amount), method="cash")


@pytest.fixture
def credited(house, book, support):
    """An invoice over 115.00 and a credit note over 57.50, issued a day later. Returns both."""
    house.salon.address = "شارع التحلية"
    house.salon.save()
    payment = pay(house, book)
    ask_refund(support, payment, "57.50")
    services.carry_out_refund(actor=support, refund_id=payment.refunds.get().pk)
    return TaxDocument.objects.order_by("number")


def page(person, document):
    return browser(person).get(url(document, "print_action"))


def without(name):
    """Stands in for `import` on a system where `name` cannot be loaded."""
    usual = builtins.__import__

    def refuse(module, *args, **kwargs):
        if module.split(".")[0] == name:
            raise OSError("cannot load library 'libpango-1.0-0'")
        return usual(module, *args, **kwargs)

    return refuse


# --- The page ---


@pytest.mark.parametrize("language", ["ar", "en"])
def test_the_page_of_an_invoice_is_the_same_for_every_reader(credited, house, language):
    invoice = credited[0]
    house.manager.locale = language
    house.manager.save()

    words = text(page(house.manager, invoice))

    booking = invoice.payment.booking
    for said in (
        "فاتورة ضريبية مبسطة Simplified tax invoice",
        "الرقم Number 1",
        f"البائع Seller {house.salon.name_ar}",
        "العنوان Address شارع التحلية، الرياض",
        "الرقم الضريبي VAT number 300000000000003",
        "التاريخ والوقت Date and time 2026-11-22 09:00",
        "التاريخ الهجري Hijri date 12 جمادى الآخرة 1448 هـ 12 Jumada al-Akhirah 1448 AH",
        f"الحجز Booking {booking.display_reference}",
        f"{booking.service_name_ar} {booking.service_name_en} 100.00 15.00 115.00",
        "بدون الضريبة Without VAT 100.00",
        "ضريبة القيمة المضافة 15% VAT 15% 15.00",
        "الإجمالي شامل الضريبة Total with VAT 115.00",
        str(invoice.uuid),
    ):
        assert said in words
    assert "Corrects invoice" not in words


def test_rf20_the_page_of_a_credit_note_names_its_invoice_and_why(credited, house):
    words = text(page(house.manager, credited[1]))

    assert "إشعار دائن لفاتورة ضريبية مبسطة Credit note for a simplified tax invoice" in words
    assert "تصحيح للفاتورة Corrects invoice 1 · 2026-11-22" in words
    assert "السبب Reason Served late" in words
    assert "Total with VAT 57.50" in words


def test_our_own_reasons_stand_in_both_languages(house, book):
    payment = pay(house, book)
    with translation.override("en"):
        services.return_money_of(payment, amount=Decimal("115.00"), reason="more was paid than was due")
    refund = payment.refunds.get()
    services.carry_out_refund(actor=house.manager, refund_id=refund.pk)

    words = text(page(house.manager, TaxDocument.objects.get(kind=Kind.CREDIT_NOTE)))

    assert "more was paid than was due" in words
    assert re.search(r"Reason [\u0600-\u06ff ]+ more was paid", words)


def test_a_salon_that_moved_still_stands_where_it_was(credited, house, clock):
    clock.shift(timedelta(days=1))
    house.salon.address = "طريق الملك فهد"
    house.salon.save()

    words = text(page(house.manager, credited[0]))

    assert "شارع التحلية" in words
    assert "طريق الملك فهد" not in words


def test_the_page_asks_for_nothing_from_elsewhere_and_runs_no_script_of_its_own(credited, house):
    answer = page(house.manager, credited[0])
    body = answer.content.decode()

    addresses = re.findall(r'(?:src|href)="([^"]*)"', body)
    assert addresses
    assert all(address.startswith("/static/project/") for address in addresses)
    assert not re.search(r"<style|style=|onclick|<script>", body)
    assert "unsafe-inline" not in re.search("script-src[^;]*", answer.headers["Content-Security-Policy"])[0]
    [picture] = re.findall("<svg.*</svg>", body)
    assert 'stroke="#000"' in picture
    assert '<html lang="ar" dir="rtl">' in body


def test_names_that_people_gave_are_text(house, book):
    house.salon.name_ar = house.service.name_ar = "<script>x</script>"
    house.salon.save()
    house.service.save()
    pay(house, book)

    body = page(house.manager, TaxDocument.objects.get()).content.decode()

    assert "&lt;script&gt;x&lt;/script&gt;" in body
    assert "<script>x" not in body


def test_the_stylesheet_knows_no_left_and_no_right():
    rules = re.sub(r"/\*.*?\*/", "", Path(finders.find(rendering.STYLES[1])).read_text("utf-8"), flags=re.DOTALL)

    assert not re.search(r"\b(left|right)\b", rules)
    assert "@page" in rules
    assert "@media print" in rules


@pytest.mark.parametrize("name", ["print_action", "pdf_action"])
def test_only_who_may_see_the_document_reads_its_page(credited, prepaid, house, name):
    readers = [house.manager, PlatformUserFactory(), PlatformUserFactory(role="auditor")]

    assert {browser(reader).get(url(credited[0], name), follow=True).status_code for reader in readers} == {200}
    assert browser(prepaid.manager).get(url(credited[0], name)).status_code == 403
    assert browser(house.customer).get(url(credited[0], name)).status_code == 302


# --- Why there is none ---


def test_the_payment_s_page_leads_to_its_documents(credited, house):
    payment = credited[0].payment
    answer = browser(house.manager).get(url(payment))

    assert "simplified tax invoice 1 · credit note 2" in text(answer)
    for document in credited:
        assert f'href="{url(document, "print_action")}"' in answer.content.decode()


def test_vat14_without_a_vat_number_the_payment_s_page_says_why_there_is_no_invoice(house, book):
    house.salon.vat_number = ""
    house.salon.save()

    words = text(browser(house.manager).get(url(pay(house, book))))

    assert "None: the salon has no VAT number, so it charges no VAT and issues no tax invoice." in words
    assert not TaxDocument.objects.exists()


def test_an_issued_document_has_no_form(credited, house):
    client = browser(house.manager)
    before = list(TaxDocument.objects.values())

    assert client.post(url(credited[0]), {"number": "9"}).status_code == 403
    assert client.post(url(credited[0], "delete"), {"post": "yes"}).status_code == 403
    assert "_save" not in client.get(url(credited[0])).content.decode()
    assert list(TaxDocument.objects.values()) == before


def test_the_accountant_s_file_has_number_rate_and_identity(credited, house):
    answer = browser(house.manager).post(f"{changelist(TaxDocument)}export/", {"format": "1", "resource": "0"})

    first, second = csv.DictReader(StringIO(bytes(answer.content).decode("utf-8-sig")))
    for row, document in zip(sorted((first, second), key=lambda row: row["number"]), credited, strict=True):
        assert (row["number"], row["UUID"], row["VAT, %"]) == (str(document.number), str(document.uuid), "15.00")


# --- PDF ---


def test_the_pdf_is_made_where_the_system_can_and_refused_in_words_where_not(credited, house):
    answer = browser(house.manager).get(url(credited[0], "pdf_action"))

    if find_spec("weasyprint"):
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
        assert f"{house.salon.slug}-invoice-1.pdf" in answer.headers["Content-Disposition"]
        assert answer.content.startswith(b"%PDF-")
        assert len(answer.content) > 10_000  # the letters travel with it
    else:
        assert answer.status_code == 302
        assert "weasyprint" in messages(answer)[0][1]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "This server makes no PDF: the Python package weasyprint or its libraries Pango and HarfBuzz"),
        ("ar", "هذا الخادم لا ينشئ ملفات PDF: حزمة weasyprint أو مكتبتاها Pango وHarfBuzz غير مثبتة."),
    ],
)
def test_without_its_libraries_the_reader_is_told_what_is_missing(credited, house, monkeypatch, language, words):
    house.manager.locale = language
    house.manager.save()
    client = browser(house.manager)
    monkeypatch.setattr(builtins, "__import__", without("weasyprint"))

    answer = client.get(url(credited[0], "pdf_action"))

    assert (answer.status_code, answer.headers["Location"]) == (302, url(credited[0]))
    [(level, sentence)] = messages(answer)
    assert (level, sentence.startswith(words)) == ("warning", True)
