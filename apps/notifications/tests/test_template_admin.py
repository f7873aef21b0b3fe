"""The editor of a salon's own texts."""

import re
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils.html import escape

from apps.accounts.models import User
from apps.accounts.roles import PlatformRole, SalonRole
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory
from apps.bookings.tests.factories import BookingFactory
from apps.notifications.admin.preview import SAMPLES
from apps.notifications.models import Template
from apps.notifications.tests.factories import TemplateFactory
from apps.notifications.tests.helpers import NOW, listed, shown
from apps.notifications.texts import HOUSE_TEXTS
from apps.salons.models import Salon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

TEMPLATES = reverse("admin:notifications_template_changelist")
ADD_TEMPLATE = reverse("admin:notifications_template_add")
PREVIEW = reverse("admin:notifications_template_preview")


def test_a_manager_writes_a_text_for_the_own_salon(signed_in, salon):
    response = signed_in().post(
        ADD_TEMPLATE,
        {
            "kind": "reminder",
            "channel": "sms",
            "is_active": "on",
            "body_ar": "أهلا {customer}",
            "body_en": "Hello {customer}",
        },
    )

    assert response.status_code == 302
    template = Template.objects.get()
    assert (template.salon, template.kind, template.body_en) == (salon, "reminder", "Hello {customer}")


def test_a_text_with_an_unknown_placeholder_is_refused_with_the_ones_there_are(signed_in, salon):
    response = signed_in().post(
        ADD_TEMPLATE,
        {"kind": "reminder", "channel": "sms", "is_active": "on", "body_ar": "أهلا", "body_en": "Pay {amount} {x.y}"},
    )

    assert "Unknown placeholders: {amount}, {x.y}. You can use: {customer}, {date}, " in shown(response)
    assert Template.objects.count() == 0


def test_a_second_text_of_the_same_kind_is_refused_in_words(signed_in, salon):
    TemplateFactory(salon=salon, kind="reminder")

    response = signed_in().post(
        ADD_TEMPLATE, {"kind": "reminder", "channel": "sms", "is_active": "on", "body_ar": "أ", "body_en": "b"}
    )

    assert "This salon has a text for this kind and channel already." in shown(response)
    assert Template.objects.count() == 1


def change_page(template):
    return reverse("admin:notifications_template_change", args=[template.pk])


def told(response):
    """The words of a preview, as a reader sees them."""
    return shown(response).strip()


@pytest.fixture
def booking(salon):
    """The latest visit of the salon: Sunday at seven in the evening."""
    Salon.objects.filter(pk=salon.pk).update(name_ar="ريم", name_en="Reem")
    return BookingFactory(
        salon=Salon.objects.get(pk=salon.pk),
        reference="K7Q3MX9TP",
        starts_at=NOW + timedelta(days=4, hours=7),
        customer__user__name="Noura",
        staff__name_en="Sara",
        service__name_en="Cut",
        service_name_en="Cut",
        price_amount=Decimal("345.50"),
    )


def typed(**fields):
    return {"kind": "reminder", "channel": "sms", "locale": "en", "body_ar": "", "body_en": "", **fields}


def test_a_text_is_shown_filled_with_the_latest_booking_and_what_it_costs(signed_in, booking):
    text = "{salon}: {customer}, {service} with {staff} on {date} at {time}. {reference}"

    said = told(signed_in().post(PREVIEW, typed(body_en=text)))

    assert "Reem: Noura, Cut with Sara on Sunday 18/01/2026 at 19:00. K7Q-3MX-9TP" in said
    # "Reem: Noura, " 13, "Cut with Sara" 13, " on Sunday 18/01/2026" 21, " at 19:00. " 11, the reference 11
    assert "GSM-7 69 characters 1 SMS 0.10 SAR" in said
    assert "Filled with the latest booking: K7Q-3MX-9TP" in said


def test_the_price_is_the_one_of_the_settings(signed_in, booking, settings):
    settings.SMS_PRICE_HALALAS = 7

    assert "161 characters 2 SMS 0.14 SAR" in told(signed_in().post(PREVIEW, typed(body_en="a" * 161)))


def test_messages_about_money_are_filled_with_the_price_and_a_link(signed_in, booking):
    said = told(signed_in().post(PREVIEW, typed(kind="payment_link", body_en="Pay {amount}: {link}")))

    assert "Pay 345.50 SAR: https://checkout.moyasar.com/invoices/" in said


@pytest.mark.parametrize("locale", User.Locale.values)
def test_a_salon_without_bookings_sees_samples_in_each_language(signed_in, locale):
    said = told(signed_in().post(PREVIEW, typed(**{f"body_{locale}": "{customer} @ {time}"}, locale=locale)))

    assert f"{SAMPLES[locale]['customer']} @ 18:30" in said
    assert "Filled with samples, as there is no booking yet." in said


def test_the_latest_booking_of_somebody_who_was_erased_is_passed_over(signed_in, booking):
    User.objects.filter(pk=booking.customer.user_id).update(erased_at=NOW, name="")

    assert "Sara" in told(signed_in().post(PREVIEW, typed(body_en="{customer}")))


@pytest.mark.parametrize(
    ("letters", "named"),
    [
        ("don’t", "’ U+2019"),
        ("“Reem”", "“ U+201C ” U+201D"),
        ("ی", "ی U+06CC"),
        ("waـit", "ـ U+0640"),
        ("see you – soon", "– U+2013"),
        ("\u200bhello", "\u200b U+200B"),
    ],
)
def test_msg06_a_letter_that_makes_an_english_text_costly_is_named_before_it_is_saved(
    signed_in, booking, letters, named
):
    """MSG06. 100 letters more are two SMS with it and one without it."""
    said = told(signed_in().post(PREVIEW, typed(body_en=letters + "a" * 100)))

    assert f"These letters make the whole SMS the costly kind: {named} Without them it would be 1 SMS." in said
    assert "UCS-2" in said
    assert "2 SMS 0.20 SAR" in said
    assert Template.objects.count() == 0


def test_msg06_a_short_text_that_costs_no_more_is_warned_of_all_the_same(signed_in, booking):
    """MSG06."""
    said = told(signed_in().post(PREVIEW, typed(body_en="don’t")))

    assert "These letters make the whole SMS the costly kind: ’ U+2019" in said
    assert "Without them" not in said


def test_msg06_an_arabic_text_is_the_costly_kind_anyway(signed_in, booking):
    """MSG06."""
    said = told(signed_in().post(PREVIEW, typed(locale="ar", body_ar="أهلا ی")))

    assert "UCS-2 6 characters 1 SMS 0.10 SAR" in said
    assert "costly" not in said


def test_a_name_in_arabic_letters_is_told_apart_from_the_words_of_the_salon(signed_in, booking):
    User.objects.filter(pk=booking.customer.user_id).update(name="نورة")

    said = told(signed_in().post(PREVIEW, typed(body_en="Dear {customer}, see you at {time}")))

    assert "What is filled in here is not in Latin letters and makes the SMS the costly kind: {customer}" in said
    assert "These letters" not in said


@pytest.mark.parametrize(
    "text",
    [
        "Pay {amount} {x.y}",
        "{customer.user.password}",
        "{customer!r:>9999999}",
        "{0}",
        "{}",
        "{{customer}}",
        "{customer",
    ],
)
def test_msg07_what_is_no_placeholder_is_said_in_words_and_never_looked_up(signed_in, booking, text):
    """MSG07."""
    said = told(signed_in().post(PREVIEW, typed(body_en=text)))

    assert re.match(
        r"(Unknown placeholders: .*\. You can use: \{customer\}, \{date\}, |A brace \{ or \} stands alone)", said
    )
    assert "Noura" not in said


def test_msg07_values_and_texts_are_never_html(signed_in, booking):
    """MSG07."""
    User.objects.filter(pk=booking.customer.user_id).update(name="<img src=x onerror=alert(1)>")

    html = signed_in().post(PREVIEW, typed(body_en="<b>{customer}</b>\n{{")).content.decode()
    filled = signed_in().post(PREVIEW, typed(body_en="<b>{customer}</b>\nbye")).content.decode()

    assert "<b>" not in html
    assert "&lt;b&gt;&lt;img src=x onerror=alert(1)&gt;&lt;/b&gt;<br>bye" in filled


def test_msg07_a_missing_value_leaves_nothing_behind(signed_in, booking):
    """MSG07."""
    User.objects.filter(pk=booking.customer.user_id).update(name="")

    said = told(signed_in().post(PREVIEW, typed(body_en="Dear {customer}, come at {time}")))

    assert said.startswith("Dear, come at 19:00")


@pytest.mark.parametrize("text", ["a" * 100_000, "{" * 100_000, " " * 100_000, "{a" * 50_000, "\u0640" * 100_000])
def test_a_text_of_100_kb_is_refused_in_words(signed_in, booking, text):
    response = signed_in().post(PREVIEW, typed(body_en=text))

    assert response.status_code == 200
    assert len(response.content) < 10_000
    assert "SMS" in told(response) if text.isspace() else re.search(r"1000|Unknown|brace", told(response))


def test_an_empty_text_is_shown_as_that_of_the_house(signed_in, booking):
    said = told(signed_in().post(PREVIEW, typed()))

    assert (
        "Nothing is written here, so the text of the house goes out: Reem: a reminder of your visit, Cut with Sara on "
        "Sunday 18/01/2026 at 19:00. Booking K7Q-3MX-9TP"
    ) in said


def test_the_box_of_an_empty_text_shows_that_of_the_house(signed_in, salon):
    template = TemplateFactory(salon=salon, kind="reminder", body_en="")

    html = signed_in().get(change_page(template)).content.decode()

    assert escape(HOUSE_TEXTS["reminder"]["en"]) in html


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("reminder", {"customer", "date", "reference", "salon", "service", "staff", "time"}),
        ("payment_link", {"amount", "customer", "date", "link", "reference", "salon", "service", "staff", "time"}),
        ("phone_changed", {"customer", "salon"}),
    ],
)
def test_the_placeholders_of_a_kind_stand_below_its_text(signed_in, kind, names):
    html = signed_in().post(PREVIEW, typed(kind=kind)).content.decode()

    assert set(re.findall(r'data-insert="{(\w+)}" data-into="body_en"', html)) == names


# --- WhatsApp ---


def test_a_whatsapp_text_tells_how_its_template_is_numbered_and_no_sms(signed_in, booking):
    text = "Hi {customer}, {time} on {date}, {customer}"

    said = told(signed_in().post(PREVIEW, typed(channel="whatsapp", body_en=text, provider_id_en="HX1")))

    assert "{{1}} = {customer} Noura {{2}} = {time} 19:00 {{3}} = {date} Sunday 18/01/2026" in said
    assert "SMS" not in said


def test_a_whatsapp_text_without_an_id_says_what_customers_get(signed_in, booking):
    said = told(signed_in().post(PREVIEW, typed(channel="whatsapp", body_en="Hi")))

    assert "Without the id of an approved template, customers who read this language get an SMS." in said


def test_an_id_without_its_wording_is_refused_in_words(signed_in, booking):
    said = told(signed_in().post(PREVIEW, typed(channel="whatsapp", provider_id_en="HX1")))

    assert said.startswith("Repeat the wording that the provider approved.")
    assert "Repeat" not in told(signed_in().post(PREVIEW, typed(channel="whatsapp", provider_id_en="HX1", locale="ar")))


def test_ids_of_templates_are_kept_for_whatsapp_only(signed_in, salon):
    said = {"kind": "reminder", "is_active": "on", "body_ar": "أ", "body_en": "b", "provider_id_ar": "HX1"}
    manager = signed_in()

    manager.post(ADD_TEMPLATE, {**said, "channel": "sms"})
    manager.post(ADD_TEMPLATE, {**said, "channel": "whatsapp"})

    assert list(Template.objects.order_by("pk").values_list("channel", "provider_id_ar", "provider_id_en")) == [
        ("sms", "", ""),
        ("whatsapp", "HX1", ""),
    ]


def test_the_boxes_for_ids_stand_there_for_whatsapp_only(signed_in):
    html = signed_in().get(ADD_TEMPLATE).content.decode()

    boxes = html.count('x-show="typeof channel === &#x27;undefined&#x27; || channel === &#x27;whatsapp&#x27;"')
    assert boxes == len(User.Locale)


# --- The page itself ---


def test_the_page_begins_with_the_preview_of_what_is_saved(signed_in, salon, booking):
    template = TemplateFactory(salon=salon, kind="reminder", body_en="Hi {customer}")

    html = signed_in().get(change_page(template)).content.decode()

    assert "Hi Noura" in html
    assert f'hx-post="{PREVIEW}?template={template.pk}"' in html


def test_an_auditor_reads_the_preview_and_writes_nothing(signed_in, salon, booking):
    template = TemplateFactory(salon=salon, kind="reminder", body_en="Hi {customer}")
    auditor = signed_in(user=PlatformUserFactory(role=PlatformRole.AUDITOR))

    html = auditor.get(change_page(template)).content.decode()

    assert "Hi Noura" in html
    assert 'hx-post="/admin/notifications' not in html
    assert "data-insert" not in html
    assert auditor.post(f"{PREVIEW}?template={template.pk}", typed()).status_code == 403


def test_the_history_of_a_text_tells_what_it_said(signed_in, salon):
    template = TemplateFactory(salon=salon, kind="reminder", body_en="Hello")
    manager = signed_in()
    saved = {"kind": "reminder", "channel": "sms", "is_active": "on", "body_ar": template.body_ar, "body_en": "Welcome"}
    manager.post(change_page(template), saved)

    text = shown(manager.get(reverse("admin:notifications_template_history", args=[template.pk])))
    version = template.history.earliest().pk
    earlier = manager.get(reverse("admin:notifications_template_simple_history", args=[template.pk, version]))

    assert "Hello" in text
    assert "Welcome" in text
    assert "Hello" in shown(earlier)
    assert 'hx-post="/admin/notifications' not in earlier.content.decode()


# --- Who may ask for a preview ---


@pytest.mark.parametrize("role", [SalonRole.RECEPTIONIST, SalonRole.STYLIST, PlatformRole.SUPPORT])
def test_who_writes_no_texts_sees_no_preview(signed_in, booking, role):
    is_platform = role in PlatformRole.values
    browser = signed_in(user=PlatformUserFactory(role=role)) if is_platform else signed_in(role)

    response = browser.post(PREVIEW, typed(body_en="{customer}"))

    assert response.status_code == 403
    assert "Noura" not in response.content.decode()


def test_a_preview_is_never_filled_from_another_salon(signed_in, salon):
    foreign = TemplateFactory(body_en="secret")
    BookingFactory(salon=foreign.salon, customer__user__name="Hidden")
    manager = signed_in()

    said = told(manager.post(PREVIEW, typed(body_en="{customer}")))
    by_salon = manager.post(PREVIEW, typed(body_en="{customer}", salon=foreign.salon_id))
    by_row = manager.post(f"{PREVIEW}?template={foreign.pk}", typed(body_en="{customer}"))

    assert "Hidden" not in said
    assert (by_salon.status_code, by_row.status_code) == (403, 403)


def test_the_salon_of_a_saved_text_is_its_own_whatever_the_form_says(signed_in, salon, booking):
    own = TemplateFactory(salon=salon, kind="reminder")
    foreign = BookingFactory(customer__user__name="Hidden").salon

    said = told(signed_in().post(f"{PREVIEW}?template={own.pk}", typed(body_en="{customer}", salon=foreign.pk)))

    assert said.startswith("Noura")


def test_who_writes_for_several_salons_chooses_one_first(signed_in, salon, booking):
    BookingFactory(customer__user__name="Other")
    owner = signed_in(user=OwnerFactory())

    assert told(owner.post(PREVIEW, typed(body_en="{customer}"))).startswith("Choose the salon.")
    assert told(owner.post(PREVIEW, typed(body_en="{customer}", salon=salon.pk))).startswith("Noura")


@pytest.mark.parametrize("key", ["0", "-1", "9" * 40, "abc", "²", "1,2", "", "1/../2"])
def test_a_key_that_is_none_is_refused(signed_in, booking, key):
    manager = signed_in()

    assert manager.post(PREVIEW, typed(salon=key or "x")).status_code == 403
    assert manager.post(f"{PREVIEW}?{urlencode({'template': key})}", typed()).status_code == 403


@pytest.mark.parametrize("name", ["kind", "channel", "locale"])
@pytest.mark.parametrize("value", ["", "x" * 5000, "<script>", "__class__", "٣"])
def test_a_choice_that_is_none_breaks_nothing(signed_in, booking, name, value):
    response = signed_in().post(PREVIEW, typed(body_en="Hi", body_ar="Hi", **{name: value}))

    assert response.status_code == 200
    assert "<script>" not in response.content.decode()
    assert ("Choose what the message is about." in told(response)) is (name == "kind")


def test_a_preview_is_asked_by_post_with_the_token_of_the_form(signed_in, booking):
    assert signed_in().get(PREVIEW).status_code == 405
    assert signed_in(enforce_csrf_checks=True).post(PREVIEW, typed()).status_code == 403


def test_a_preview_costs_few_queries(signed_in, salon, booking, django_assert_max_num_queries):
    manager = signed_in()
    manager.post(PREVIEW, typed(body_en="{customer}"))

    with django_assert_max_num_queries(6):
        manager.post(PREVIEW, typed(body_en="{customer}"))


def test_the_list_tells_what_texts_cost_as_sms(signed_in, salon):
    TemplateFactory(salon=salon, kind="reminder", body_ar="موعدك {time}", body_en="At {time} – bye")

    text = shown(signed_in().get(TEMPLATES))

    assert "UCS-2, 11 characters, 1 SMS" in text
    assert "UCS-2, 14 characters, 1 SMS" in text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"body_en": "don’t", "locale": "en"}, "هذه الأحرف تجعل الرسالة كلها من النوع الأعلى تكلفة: ’ U+2019"),
        ({"locale": "ar"}, "لم يكتب شيء هنا، فيرسل النص الافتراضي:"),
        (
            {"channel": "whatsapp", "locale": "ar", "body_ar": "أهلا {customer}"},
            "رقم مواضع القالب لدى المزود هكذا: {{1}} = {customer}",
        ),
    ],
)
def test_the_preview_speaks_arabic(signed_in, salon, booking, form, words):
    owner = signed_in(user=OwnerFactory(locale="ar"))

    assert words in told(owner.post(PREVIEW, typed(salon=salon.pk, **form)))


def test_each_text_is_written_in_its_own_direction(signed_in):
    html = signed_in().get(ADD_TEMPLATE).content.decode()

    areas = {re.search(r'lang="(\w+)"', area)[1]: area for area in re.findall(r"<textarea[^>]+>", html)}
    assert list(areas) == User.Locale.values
    assert ('dir="rtl"' in areas["ar"], 'dir="ltr"' in areas["en"]) == (True, True)


def test_nobody_reads_or_writes_the_texts_of_another_salon(signed_in, salon):
    foreign = TemplateFactory()
    manager = signed_in()
    address = reverse("admin:notifications_template_change", args=[foreign.pk])

    assert listed(manager.get(TEMPLATES)) == set()
    manager.post(address, {"kind": "reminder", "channel": "sms", "body_ar": "x", "body_en": "x"})
    assert Template.objects.get().body_en == "Hello {customer}"
