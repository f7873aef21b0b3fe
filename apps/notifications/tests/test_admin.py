"""The audit of messages and the editor of texts, as people use them."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from apps.accounts.roles import PlatformRole, SalonRole
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory
from apps.common.providers import ProviderUnavailable
from apps.notifications import services
from apps.notifications.admin.attempts import ATTEMPT_COLOURS, STATE_COLOURS
from apps.notifications.models import DeliveryAttempt, DeliveryReceipt, Kind, Notification
from apps.notifications.tests.factories import AttemptFactory, NotificationFactory, TemplateFactory
from apps.notifications.tests.helpers import NOW, changed, listed, shown
from apps.salons.tests.factories import MembershipFactory, StaffFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

MESSAGES = reverse("admin:notifications_notification_changelist")
CONFIRMED = {"_form_submitted": "True"}


def page(notification, name="change"):
    return reverse(f"admin:notifications_notification_{name}", args=[notification.pk])


def retry_page(notification):
    return reverse("admin:notifications_notification_retry_action", args=[notification.pk])


def test_every_state_of_a_message_has_its_colour():
    assert set(STATE_COLOURS) == set(Notification.Status)
    assert set(ATTEMPT_COLOURS) == set(DeliveryAttempt.Status)


def test_the_audit_lists_what_became_of_every_message(signed_in, salon):
    NotificationFactory(
        booking__salon=salon,
        booking__reference="K7Q3MX9TP",
        booking__customer__user__phone="+966551234567",
        kind=Kind.REMINDER,
        status="failed",
        attempts=3,
        due_at=NOW + timedelta(minutes=4),
        reason="this number cannot receive messages (21211)",
    )

    html = signed_in().get(MESSAGES).content.decode()

    assert '<bdi dir="ltr">K7Q-3MX-9TP</bdi>' in html
    assert '<bdi dir="ltr">+966551234567</bdi>' in html
    assert "this number cannot receive messages (21211)" in told(html)
    assert "reminder" in html
    assert "12:04" in html  # the salon's time


@pytest.mark.parametrize("status", Notification.Status.values)
def test_the_audit_shows_each_state_in_words(signed_in, salon, status):
    NotificationFactory(booking__salon=salon, status=status, reason="why")

    assert str(Notification.Status(status).label) in shown(signed_in().get(MESSAGES))


def test_nobody_sees_the_messages_of_another_salon(signed_in, salon):
    own, foreign = NotificationFactory(booking__salon=salon), NotificationFactory()
    manager = signed_in()

    assert listed(manager.get(MESSAGES)) == {own}
    assert manager.get(page(foreign)).status_code in {302, 404}
    assert listed(signed_in(user=PlatformUserFactory()).get(MESSAGES)) == {own, foreign}


@pytest.mark.parametrize(
    "term",
    ["0551234567", "+966 55 123 4567", "٠٥٥١٢٣٤٥٦٧", "00966551234567", "4567", "K7Q-3MX-9TP", "k7q3mx9tp", "Noura"],
)
def test_a_message_is_found_by_phone_in_any_spelling_by_reference_and_by_name(signed_in, salon, term):
    wanted = NotificationFactory(
        booking__salon=salon,
        booking__reference="K7Q3MX9TP",
        booking__customer__user__phone="+966551234567",
        booking__customer__user__name="Noura",
    )
    NotificationFactory(booking__salon=salon)

    assert listed(signed_in().get(MESSAGES, {"q": term})) == {wanted}


@pytest.mark.parametrize(
    "filters",
    [
        {"status__exact": "failed"},
        {"kind__exact": "reminder"},
        {"channel__exact": "whatsapp"},
        {"provider": "twilio"},
        {"is_maybe_double__exact": "1"},
        {"created_at_from": "2026-01-14", "created_at_to": "2026-01-14"},
        {"created_at_from": "2026-01-14"},
    ],
)
def test_messages_are_filtered(signed_in, salon, filters):
    with time_machine.travel(NOW - timedelta(days=3), tick=False):
        NotificationFactory(booking__salon=salon)
    wanted = NotificationFactory(booking__salon=salon, kind="reminder", status="failed", channel="whatsapp")
    Notification.objects.filter(pk=wanted.pk).update(provider="twilio", is_maybe_double=True)

    assert listed(signed_in().get(MESSAGES, filters)) == {wanted}


def test_a_provider_that_is_none_leads_back_to_the_plain_list(signed_in, salon):
    response = signed_in().get(MESSAGES, {"provider": "nobody"})

    assert (response.status_code, response.headers["Location"]) == (302, f"{MESSAGES}?e=1")


def test_a_day_is_a_whole_day_of_the_installation(signed_in, salon):
    moments = [datetime(2026, 1, 13, 20, 59, tzinfo=UTC), datetime(2026, 1, 13, 21, 0, tzinfo=UTC)]
    rows = []
    for moment in moments:
        with time_machine.travel(moment, tick=False):
            rows.append(NotificationFactory(booking__salon=salon))
    manager = signed_in()

    assert listed(manager.get(MESSAGES, {"created_at_from": "2026-01-13", "created_at_to": "2026-01-13"})) == {rows[0]}
    assert listed(manager.get(MESSAGES, {"created_at_to": "2026-01-14"})) == set(rows)


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "9999-12-31", "0001-01-01", "٢٠٢٦-٠١-١٤"])
def test_a_day_that_is_none_never_breaks_the_list(signed_in, salon, day):
    response = signed_in().get(MESSAGES, {"created_at_from": day, "created_at_to": day}, follow=True)

    assert response.status_code == 200


def test_only_who_reads_several_salons_filters_by_salon(signed_in, salon):
    own, foreign = NotificationFactory(booking__salon=salon), NotificationFactory()
    support = signed_in(user=PlatformUserFactory())

    assert listed(support.get(MESSAGES, {"salon__id__exact": foreign.salon_id})) == {foreign}
    assert own in listed(support.get(MESSAGES))


def test_the_list_costs_the_same_queries_however_long_it_is(signed_in, salon, django_assert_max_num_queries):
    manager = signed_in()
    for notification in NotificationFactory.create_batch(20, booking__salon=salon):
        AttemptFactory.create_batch(2, notification=notification)
    manager.get(MESSAGES)

    with django_assert_max_num_queries(12):
        manager.get(MESSAGES)


def test_a_messages_page_tells_its_text_and_what_the_provider_reported(signed_in, salon):
    notification = NotificationFactory(
        booking__salon=salon,
        status="undelivered",
        body="See you <b>soon</b>",
        provider="twilio",
        reason="booking changed",
    )
    DeliveryReceipt.objects.create(
        salon=salon, notification=notification, provider_status="undelivered", error_code="30005"
    )

    html = signed_in().get(page(notification)).content.decode()

    assert "See you &lt;b&gt;soon&lt;/b&gt;" in html
    assert "30005" in html
    assert "booking changed" in html
    assert re.search(r">\s*not delivered\s*<", html)


def test_a_code_stays_whole_and_in_order_inside_an_arabic_line(signed_in, salon):
    kept = "this number cannot receive messages (ER-02)"
    notification = NotificationFactory(booking__salon=salon, status="failed", reason=kept)
    AttemptFactory(notification=notification, provider="unifonic", status="refused", code="ER-02")
    browser = signed_in()
    browser.cookies["django_language"] = "ar"

    visit = reverse("admin:bookings_booking_change", args=[notification.booking_id])
    pages = [browser.get(address).content.decode() for address in (MESSAGES, page(notification), visit)]

    line = 'هذا الرقم لا يستقبل الرسائل <bdi dir="ltr">(ER-02)</bdi>'
    assert [html.count(line) for html in pages] == [1, 2, 1]
    assert not any("(ER-02)" in html.replace(line, "") for html in pages)


def told(html):
    """The words of a part of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def test_a_messages_page_tells_every_attempt(signed_in, salon):
    notification = NotificationFactory(booking__salon=salon, segments=2)
    call = {"notification": notification, "segments": 2, "started_at": NOW}
    first = AttemptFactory(
        **call,
        provider="twilio",
        status="in_doubt",
        code="timeout",
        ended_at=NOW + timedelta(seconds=10, milliseconds=240),
    )
    AttemptFactory(**call, provider="unifonic", status="refused", code="ER-02")
    AttemptFactory(**call, provider="unifonic", status="unavailable", code="503")
    AttemptFactory(**call, provider="console", status="begun", ended_at=None)
    last = AttemptFactory(
        **call, provider="twilio", provider_message_id="SM1", status="delivered", cost=Decimal("0.084"), currency="USD"
    )

    html = signed_in().get(page(notification)).content.decode()

    text = told(html)
    assert (
        f"{last.pk} Twilio SM1 delivered — 14 Jan 2026, 12:00 PM 14 Jan 2026, 12:00 PM took 0.0 s 2 0.0840 USD" in text
    )
    assert "console begun — 14 Jan 2026, 12:00 PM — 2 ≈ 0.20 SAR" in text
    assert "not taken the provider takes no messages at the moment (503)" in text
    assert "refused this number cannot receive messages (ER-02)" in text
    assert f"{first.pk} Twilio in doubt the provider gave no clear answer, it may have been sent (timeout)" in text
    assert "took 10.2 s 2 ≈ 0.20 SAR" in text
    assert '<bdi dir="ltr">SM1</bdi>' in html


@pytest.mark.parametrize(
    ("calls", "shown_cost"),
    [
        ([], "3"),
        ([{"segments": 3}], "3 ≈ 0.30 SAR"),
        ([{"segments": 3, "status": "refused"}], "3"),
        ([{"segments": 2, "cost": "0.084", "currency": "USD"}], "2 0.0840 USD"),
        ([{"segments": 2, "cost": "0.17", "currency": "SAR"}], "2 0.17 SAR"),
        ([{"segments": 2, "cost": "0.17", "currency": "SAR"}, {"segments": 2, "status": "in_doubt"}], "4 ≈ 0.37 SAR"),
        (
            [{"segments": 2, "cost": "0.084", "currency": "USD"}, {"segments": 2, "status": "begun"}],
            "4 ≈ 0.20 SAR + 0.0840 USD",
        ),
    ],
)
def test_the_list_tells_parts_and_what_they_cost(signed_in, salon, calls, shown_cost):
    notification = NotificationFactory(booking__salon=salon, segments=3)
    for call in calls:
        AttemptFactory(notification=notification, **{**call, "cost": call.get("cost") and Decimal(call["cost"])})

    cell = re.search(r'<td class="field-display_cost.*?</td>', signed_in().get(MESSAGES).content.decode(), re.DOTALL)

    assert told(cell[0]).removeprefix("Parts and cost").strip() == shown_cost


def test_the_price_of_a_part_is_a_setting(signed_in, salon, settings):
    settings.SMS_PRICE_HALALAS = 7
    notification = NotificationFactory(booking__salon=salon)
    AttemptFactory(notification=notification, segments=3)

    assert "≈ 0.21 SAR" in shown(signed_in().get(MESSAGES))


def test_the_list_marks_what_may_have_arrived_twice(signed_in, salon):
    NotificationFactory(booking__salon=salon, is_maybe_double=True, status="failed", reason="booking changed")

    html = signed_in().get(MESSAGES).content.decode()

    cell = re.search(r'<td class="field-display_remarks.*?</td>', html, re.DOTALL)
    assert told(cell[0]).removeprefix("Reason").strip() == "maybe twice booking changed"


@pytest.mark.parametrize("person", [SalonRole.MANAGER, PlatformRole.SUPPORT, PlatformRole.AUDITOR])
def test_who_reads_reports_reads_attempts(signed_in, salon, person):
    notification = NotificationFactory(booking__salon=salon)
    AttemptFactory(notification=notification, provider="twilio", provider_message_id="SM1")
    is_platform = person in PlatformRole.values
    browser = signed_in(user=PlatformUserFactory(role=person)) if is_platform else signed_in(person)

    assert "Twilio SM1" in shown(browser.get(page(notification)))


def test_a_receptionist_reads_a_message_without_its_attempts(signed_in, salon):
    notification = NotificationFactory(booking__salon=salon)
    AttemptFactory(notification=notification, provider="twilio", provider_message_id="SM1")

    assert "SM1" not in shown(signed_in(SalonRole.RECEPTIONIST).get(page(notification)))


# --- On the page of a booking ---


def booking_page(booking):
    return reverse("admin:bookings_booking_change", args=[booking.pk])


def test_a_bookings_page_lists_what_its_customer_was_told(signed_in, salon):
    notification = NotificationFactory(booking__salon=salon, status="failed", reason="booking changed")
    other = NotificationFactory(booking__salon=salon)

    html = signed_in(SalonRole.RECEPTIONIST).get(booking_page(notification.booking)).content.decode()

    assert f'href="{page(notification)}"' in html
    assert f'href="{page(other)}"' not in html
    assert "Message: booking confirmed Wed 14 Jan · 12:00 SMS · Failed booking changed" in told(html)


def test_who_reads_no_messages_finds_none_on_a_bookings_page(signed_in, salon):
    stylist = MembershipFactory(salon=salon, role=SalonRole.STYLIST).user
    staff = StaffFactory(salon=salon, user=stylist)
    notification = NotificationFactory(booking__salon=salon, booking__staff=staff, status="failed", reason="why not")

    response = signed_in(user=stylist).get(booking_page(notification.booking))

    assert response.status_code == 200
    assert "why not" not in response.content.decode()


def test_a_booking_that_is_typed_in_has_no_messages_yet(signed_in):
    response = signed_in().get(reverse("admin:bookings_booking_add"))

    assert [type(one.opts).__name__ for one in response.context["inline_admin_formsets"]] == []


def test_a_bookings_page_costs_the_same_queries_however_many_messages_it_has(
    signed_in, salon, django_assert_num_queries
):
    booking = NotificationFactory(booking__salon=salon).booking
    manager = signed_in()
    manager.get(booking_page(booking))  # what is cached for a while is read now
    with CaptureQueriesContext(connection) as few:
        manager.get(booking_page(booking))
    for number in range(10):
        NotificationFactory(booking=booking, occasion=str(number))

    with django_assert_num_queries(len(few)):
        manager.get(booking_page(booking))


@pytest.mark.parametrize("role", [SalonRole.MANAGER, SalonRole.RECEPTIONIST])
def test_a_message_is_never_written_changed_or_deleted_by_hand(signed_in, salon, role):
    notification = NotificationFactory(booking__salon=salon)
    browser = signed_in(role)

    assert browser.post(page(notification), {"body": "changed"}).status_code == 403
    assert browser.get(reverse("admin:notifications_notification_add")).status_code == 403
    assert browser.post(page(notification, "delete"), {"post": "yes"}).status_code == 403
    assert Notification.objects.get().body == "Your booking is confirmed."


def test_asking_to_send_again_changes_nothing_until_it_is_confirmed(signed_in, salon, provider):
    notification = NotificationFactory(booking__salon=salon, status="failed", attempts=8)

    text = shown(signed_in().get(retry_page(notification)))

    assert "Send this message again?" in text
    assert Notification.objects.get().status == "failed"
    assert provider.messages == []


def test_a_failed_message_is_sent_again(signed_in, salon, provider, django_capture_on_commit_callbacks):
    notification = NotificationFactory(booking__salon=salon, status="failed", attempts=8)
    manager = signed_in()

    with django_capture_on_commit_callbacks(execute=True):
        response = manager.post(
            retry_page(notification),
            CONFIRMED,
            headers={"HX-Current-URL": f"http://testserver{page(notification)}"},
        )

    assert response.headers["HX-Redirect"] == page(notification)
    assert Notification.objects.get().status == "sent"
    assert [message.notification_id for message in provider.messages] == [notification.pk]
    assert "The message is being sent again." in shown(manager.get(page(notification)))


def test_a_provider_that_is_still_away_shows_on_the_page_and_breaks_nothing(
    signed_in, salon, provider, django_capture_on_commit_callbacks
):
    notification = NotificationFactory(booking__salon=salon, status="failed", attempts=8)
    provider.failure = ProviderUnavailable("twilio: not reached (ConnectTimeout)", "unreachable")
    manager = signed_in()

    with django_capture_on_commit_callbacks(execute=True):
        response = manager.post(retry_page(notification), CONFIRMED)

    assert response.status_code == 200
    assert "the provider takes no messages at the moment (unreachable)" in shown(manager.get(page(notification)))


def test_pressing_the_button_of_an_older_page_is_explained(signed_in, salon, provider):
    notification = NotificationFactory(booking__salon=salon, status="sending")
    manager = signed_in()

    manager.post(retry_page(notification), CONFIRMED)

    assert escape("This message is not sent again: it is “being sent”.") in manager.get(MESSAGES).content.decode()
    assert Notification.objects.get().status == "sending"
    assert provider.messages == []


@pytest.mark.parametrize(
    ("status", "is_offered"),
    [
        ("failed", True),
        ("undelivered", True),
        ("sent", True),
        ("delivered", True),
        ("pending", False),
        ("sending", False),
        ("suppressed", False),
    ],
)
def test_the_button_stands_where_it_can_succeed(signed_in, salon, status, is_offered):
    notification = NotificationFactory(booking__salon=salon, status=status, reason="why")

    html = signed_in().get(page(notification)).content.decode()

    assert (retry_page(notification) in html) is is_offered


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("delivered", "The customer has this message already and will get it a second time."),
        ("sent", "The provider took this message and has not reported yet: the customer may get it twice."),
        (
            "undelivered",
            "The provider could not deliver this message. Look at the reason first: it may be the same.",
        ),
        ("failed", "The customer may get it twice if an earlier attempt arrived without our knowing."),
    ],
)
def test_the_dialog_says_what_sending_again_means(signed_in, salon, status, sentence):
    notification = NotificationFactory(booking__salon=salon, status=status)

    assert sentence in shown(signed_in().get(retry_page(notification)))


def test_msg23_the_second_press_within_a_minute_is_explained(signed_in, salon, provider):
    """MSG23. The first press counts, and once."""
    notification = NotificationFactory(booking__salon=salon, status="delivered")
    manager = signed_in()

    manager.post(retry_page(notification), CONFIRMED)
    versions = notification.history.count()
    manager.post(retry_page(notification), CONFIRMED)

    assert "This message was sent again less than a minute ago." in shown(manager.get(MESSAGES))
    assert notification.history.count() == versions


def test_sending_again_what_is_no_longer_true_is_explained(signed_in, salon, provider):
    notification = NotificationFactory(booking__salon=salon, status="failed", attempts=8)
    changed(notification.booking)
    manager = signed_in()

    manager.post(retry_page(notification), CONFIRMED)

    assert "This message is not sent again: booking changed." in shown(manager.get(MESSAGES))
    assert Notification.objects.get().status == "failed"
    assert provider.messages == []


def test_who_may_only_look_finds_no_button_and_is_refused(signed_in, salon):
    notification = NotificationFactory(booking__salon=salon, status="failed")
    receptionist = signed_in(SalonRole.RECEPTIONIST)

    assert retry_page(notification) not in receptionist.get(page(notification)).content.decode()
    assert receptionist.get(retry_page(notification)).status_code == 403
    assert receptionist.post(retry_page(notification), CONFIRMED).status_code == 403
    assert Notification.objects.get().status == "failed"


def test_a_manager_cannot_send_another_salons_message_again(signed_in, salon):
    foreign = NotificationFactory(status="failed")

    response = signed_in().post(retry_page(foreign), CONFIRMED)

    assert response.status_code == 403
    assert Notification.objects.get().status == "failed"


def test_sending_again_needs_the_token_of_the_form(signed_in, salon):
    notification = NotificationFactory(booking__salon=salon, status="failed")

    response = signed_in(enforce_csrf_checks=True).post(retry_page(notification), CONFIRMED)

    assert response.status_code == 403
    assert Notification.objects.get().status == "failed"


def test_the_history_tells_who_sent_again_and_why_it_failed_before(signed_in, salon, provider):
    notification = NotificationFactory(booking__salon=salon)
    provider.failure = ProviderUnavailable("twilio 20429: too many requests", "20429")
    manager = MembershipFactory(salon=salon, user__name="Maha").user
    services.deliver(notification.pk)
    services.retry_notification(notification.pk, actor=manager)

    text = shown(signed_in().get(page(notification, "history")))

    assert "the provider takes no messages at the moment (20429)" in text
    assert "sent again by hand" in text
    assert "Maha" in text


EXPORT = reverse("admin:notifications_notification_export")


def test_a_manager_takes_the_own_salons_audit_along(signed_in, salon):
    own = NotificationFactory(
        booking__salon=salon,
        booking__reference="K7Q3MX9TP",
        booking__customer__user__phone="+966551234567",
        status="failed",
        attempts=2,
        reason="the customer opted out (21610)",
        is_maybe_double=True,
    )
    AttemptFactory(notification=own, segments=3, cost=Decimal("0.042"), currency="USD")
    AttemptFactory(notification=own, segments=3, status="refused")
    NotificationFactory()

    response = signed_in().post(EXPORT, {"format": "1", "resource": ""})

    header, line, *others = response.content.decode("utf-8-sig").splitlines()
    assert header == (
        "booking,recipient,kind,channel,state,due at,sent at,delivered at,attempts,parts,cost,currency,estimated,"
        "maybe twice,provider,reason"
    )
    assert line == (
        "K7Q-3MX-9TP,'+966551234567,booking confirmed,SMS,failed,2026-01-14 12:00,,,2,3,0.0420,USD,No,Yes,,"
        "the customer opted out (21610)"
    )
    assert others == []


def test_a_receptionist_takes_no_phones_along(signed_in, salon):
    NotificationFactory(booking__salon=salon)

    assert signed_in(SalonRole.RECEPTIONIST).post(EXPORT, {"format": "1", "resource": ""}).status_code == 403


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("model", ["notification", "template", "deliveryreceipt"])
def test_every_page_opens_in_both_languages(signed_in, salon, language, model):
    notification = NotificationFactory(booking__salon=salon)
    rows = {
        "notification": notification,
        "template": TemplateFactory(salon=salon),
        "deliveryreceipt": DeliveryReceipt.objects.create(
            salon=salon, notification=notification, provider_status="delivered"
        ),
    }
    owner = signed_in(user=OwnerFactory(locale=language))

    for address in (
        reverse(f"admin:notifications_{model}_changelist"),
        reverse(f"admin:notifications_{model}_change", args=[rows[model].pk]),
        reverse(f"admin:notifications_{model}_history", args=[rows[model].pk]),
    ):
        response = owner.get(address)
        assert response.status_code == 200
        assert f'lang="{language}"' in response.content.decode()
