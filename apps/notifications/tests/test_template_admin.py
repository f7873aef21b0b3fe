"""The editor of a salon's own texts."""

import re

import pytest
from django.urls import reverse

from apps.notifications.models import Template
from apps.notifications.tests.factories import TemplateFactory
from apps.notifications.tests.helpers import listed, shown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

TEMPLATES = reverse("admin:notifications_template_changelist")
ADD_TEMPLATE = reverse("admin:notifications_template_add")


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


def test_the_editor_shows_what_a_text_costs_as_sms(signed_in, salon):
    template = TemplateFactory(
        salon=salon,
        kind="reminder",
        body_ar="تذكير: موعدك {date} {time} رقم {reference}",
        body_en="Reminder: {date} {time}, booking {reference} – see you",
    )

    text = shown(signed_in().get(reverse("admin:notifications_template_change", args=[template.pk])))

    # "تذكير: موعدك " 13, the date 17, a space, the time 5, " رقم " 5, the reference 11
    assert "UCS-2, 52 characters, 1 SMS" in text
    # "Reminder: " 10, the date 19, a space, the time 5, ", booking " 10, the reference 11, " – see you" 10
    assert "UCS-2, 66 characters, 1 SMS" in text
    assert "These characters make it longer: –" in text
    assert "{customer}, {salon}, {service}" in text


def test_each_text_is_written_in_its_own_direction(signed_in):
    html = signed_in().get(ADD_TEMPLATE).content.decode()

    assert [re.search(r'dir="(\w+)"', area)[1] for area in re.findall(r"<textarea[^>]+>", html)] == ["rtl", "ltr"]


def test_nobody_reads_or_writes_the_texts_of_another_salon(signed_in, salon):
    foreign = TemplateFactory()
    manager = signed_in()
    address = reverse("admin:notifications_template_change", args=[foreign.pk])

    assert listed(manager.get(TEMPLATES)) == set()
    manager.post(address, {"kind": "reminder", "channel": "sms", "body_ar": "x", "body_en": "x"})
    assert Template.objects.get().body_en == "Hello {customer}"
