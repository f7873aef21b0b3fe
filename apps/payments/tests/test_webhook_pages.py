"""What people see of the gateway's news: calls that were refused, codes of a registration, why an event was ignored."""

import pytest

from apps.payments.models import WebhookEvent
from apps.payments.tests.pages import browser, changelist, url
from apps.payments.tests.webhooks import event, post, raw

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("webhook_secret")]


def page_of(support, kept=None, language="en"):
    support.locale = language
    support.save(update_fields=["locale"])
    page = browser(support).get(changelist(WebhookEvent) if kept is None else url(kept)).content.decode()
    return page.replace("\xa0", " ")  # the space of a time of day


def test_the_list_tells_how_many_calls_were_refused_today(api, db, clock, support):
    assert "Refused today" not in page_of(support)
    for _ in range(3):
        post(api, event(secret_token="wrong"))
        clock.shift(1)
    raw(api, b"{")

    page = page_of(support)

    assert "Refused today, wrong or missing secret: at least 3, last at 9:00 AM." in page
    assert "Refused today, not an event: at least 1, last at 9:00 AM." in page
    assert "رُفض اليوم" in page_of(support, language="ar")
    clock.shift(24 * 60 * 60)
    assert "Refused today" not in page_of(support)


def test_wh11_the_page_of_the_event_shows_the_code_and_its_end(api, db, clock, support):
    post(api, event({"verification_code": "482913"}, type="webhook_verification"))
    kept = WebhookEvent.objects.get()

    page = page_of(support, kept)
    clock.shift(30 * 60)
    later = page_of(support, kept)

    assert "Code of this registration: 482913. Give it back to the gateway by 9:30 AM;" in page
    assert "Code of this registration" not in later


def test_why_an_event_was_ignored_is_said_in_the_readers_language(api, db, support):
    post(api, event(live=True))
    kept = WebhookEvent.objects.get()

    assert "a test event in live operation, or the reverse" in page_of(support, kept)
    assert "إشعار تجريبي أثناء العمل الفعلي، أو العكس" in page_of(support, kept, "ar")
