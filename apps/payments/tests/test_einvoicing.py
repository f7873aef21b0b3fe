"""Phase 2: what waits to be reported, when it is tried, and that nobody reports one document twice at a time."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.accounts.tests.factories import PlatformUserFactory
from apps.common.errors import Forbidden
from apps.common.testing.race import Halt, beside, race
from apps.payments import einvoicing, services
from apps.payments.einvoicing import Answer, ReportOutcome
from apps.payments.errors import EInvoicingOff, NothingToReport
from apps.payments.models import TaxDocument, TaxSubmission
from apps.payments.tests.pages import SUBMITTED, browser, changelist, messages, text, url
from apps.payments.tests.reporting import PROVIDER, ScriptedProvider
from apps.payments.tests.support import reload

Status = TaxSubmission.Status
AWAY = ReportOutcome(Answer.UNAVAILABLE, text="503")


@pytest.fixture
def provider(settings, monkeypatch):
    settings.EINVOICING_PROVIDER = PROVIDER
    monkeypatch.setattr(ScriptedProvider, "answers", [])
    monkeypatch.setattr(ScriptedProvider, "reported", [])
    return ScriptedProvider


def pay(house, book, **where):
    booking = book(house, **where)
    services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal("115.00"), method="cash")
    return TaxDocument.objects.latest("pk")


def told(*args):
    said = StringIO()
    call_command("report_tax_documents", *args, stdout=said)
    return said.getvalue().split("\n")[:-1]


def state(submission):
    row = reload(submission)
    return row.status, row.attempts, row.next_try_at - timezone.now()


# --- Switched off ---


def test_without_a_provider_nothing_is_noted_and_the_pass_says_so(house, book):
    pay(house, book)

    assert told() == ["no provider configured: 0 documents wait"]
    assert not TaxSubmission.objects.exists()


def test_without_a_provider_what_was_noted_before_waits_and_is_told(provider, settings, house, book):
    pay(house, book)
    settings.EINVOICING_PROVIDER = ""

    assert told() == ["no provider configured: 1 documents wait"]
    assert TaxSubmission.objects.get().status == Status.WAITING
    assert provider.reported == []


def test_without_a_provider_nobody_takes_up_old_documents(house, book):
    pay(house, book)

    with pytest.raises(CommandError, match="no provider is configured"):
        told("--enqueue-since", "2026-11-01")
    assert not TaxSubmission.objects.exists()


@pytest.mark.parametrize(
    "name",
    ["apps.payments.nowhere.Provider", "apps.payments.einvoicing.Nobody", "apps.payments.tests.reporting.SOMETHING"],
)
def test_a_wrong_name_is_refused_with_one_sentence(settings, name):
    settings.EINVOICING_PROVIDER = name

    with pytest.raises(ImproperlyConfigured, match=r"^EINVOICING_PROVIDER .*or leave it empty\.$"):
        einvoicing.provider()


# --- Noted with the document ---


def test_a_document_is_noted_with_a_day_to_report_it(provider, house, book):
    document = pay(house, book)

    submission = TaxSubmission.objects.get()
    assert (submission.document, submission.salon, submission.status) == (document, house.salon, Status.WAITING)
    assert submission.deadline_at == document.issued_at + timedelta(hours=24)
    assert submission.attempts == 0


def test_documents_of_before_are_taken_up_once(settings, house, book, clock):
    pay(house, book)
    clock.shift(timedelta(days=2))
    document = pay(house, book, hours=75)
    settings.EINVOICING_PROVIDER = PROVIDER
    since = datetime(2026, 11, 23, tzinfo=UTC)

    assert services.enqueue_documents(issued_since=since) == 1
    assert services.enqueue_documents(issued_since=since) == 0
    assert TaxSubmission.objects.get().document == document


# --- Reported ---


@pytest.mark.parametrize(
    ("answer", "status"),
    [(Answer.ACCEPTED, Status.ACCEPTED), (Answer.WARNED, Status.WARNED), (Answer.REJECTED, Status.REJECTED)],
)
def test_an_answer_is_kept_and_ends_it(provider, house, book, answer, status):
    document = pay(house, book)
    provider.answers.append(ReportOutcome(answer, reference="ZATCA-7", text="BR-KSA-84"))

    assert told() == ["reported 1"]
    assert told() == ["reported 0"]

    submission = TaxSubmission.objects.get()
    assert (submission.status, submission.provider_reference, submission.problem) == (status, "ZATCA-7", "BR-KSA-84")
    assert (submission.submitted_at, submission.attempts) == (timezone.now(), 1)
    assert provider.reported == [document.uuid]


def test_without_an_answer_it_is_tried_again_ever_later_and_for_good(provider, house, book, clock):
    pay(house, book)
    submission = TaxSubmission.objects.get()
    provider.answers[:] = [AWAY] * 40

    delays = []
    for _attempt in range(8):
        services.report_documents()
        delays.append(state(submission)[2] // timedelta(minutes=1))
        assert services.report_documents() == 0
        clock.move_to(reload(submission).next_try_at)
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60]

    clock.move_to(submission.deadline_at + timedelta(days=2))
    services.report_documents()
    assert state(submission) == (Status.WAITING, 9, timedelta(hours=1))
    assert reload(submission).problem == "503"


@pytest.mark.parametrize(("broken", "kind"), [(ValueError("secret-key"), "ValueError"), ("accepted", "TypeError")])
def test_a_provider_that_breaks_is_an_answer_that_did_not_come(provider, house, book, broken, kind):
    pay(house, book)
    provider.answers.append(broken)

    services.report_documents()

    submission = TaxSubmission.objects.get()
    assert state(submission) == (Status.WAITING, 1, timedelta(minutes=1))
    assert submission.problem == f"the tax authority's side gave no answer ({kind})"


def test_a_report_whose_process_died_is_taken_up_after_its_lease(provider, house, book, clock):
    pay(house, book)
    provider.answers.append(SystemExit())
    with pytest.raises(SystemExit):
        services.report_documents()
    assert TaxSubmission.objects.get().status == Status.SENDING

    assert services.report_documents() == 0
    clock.shift(timedelta(minutes=5))
    assert services.report_documents() == 1
    assert state(TaxSubmission.objects.get())[:2] == (Status.ACCEPTED, 2)


@pytest.mark.django_db(transaction=True)
def test_many_passes_at_once_report_each_document_once(provider, house, book):
    documents = {pay(house, book, hours=25 + number).uuid for number in range(4)}

    results = race(6, lambda number: services.report_documents())

    assert sum(results) == 4
    assert sorted(provider.reported) == sorted(documents)
    assert set(TaxSubmission.objects.values_list("status", "attempts")) == {(Status.ACCEPTED, 1)}


@pytest.mark.django_db(transaction=True)
def test_while_one_is_reporting_nobody_else_does(provider, house, book):
    pay(house, book)
    [submission] = TaxSubmission.objects.all()
    halt, support = Halt(), PlatformUserFactory()
    provider.answers.append(lambda: halt.here() or ReportOutcome(Answer.ACCEPTED))

    with beside(services.report_documents) as first:
        halt.wait()
        assert services.report_documents() == 0
        with pytest.raises(NothingToReport):
            services.report_document(actor=support, submission_id=submission.pk)
        halt.lift()
        assert first.result() == 1
    assert len(provider.reported) == 1


def test_control_without_the_claim_one_document_is_reported_twice(provider, house, book, monkeypatch):
    pay(house, book)
    submission = TaxSubmission.objects.select_related("document").get()
    monkeypatch.setattr(services.einvoicing, "_claim", lambda pk, condition: submission)

    services.report_document(actor=PlatformUserFactory(), submission_id=submission.pk)
    services.report_document(actor=PlatformUserFactory(), submission_id=submission.pk)

    assert len(provider.reported) == 2


# --- The admin ---


@pytest.fixture
def submission(provider, house, book):
    pay(house, book)
    return TaxSubmission.objects.get()


def test_the_button_reports_at_once_also_what_was_rejected(provider, submission, house):
    client = browser(house.manager)
    provider.answers[:] = [ReportOutcome(Answer.REJECTED, text="no stamp"), AWAY]

    answers = [client.post(url(submission, "report_action"), SUBMITTED) for _click in range(4)]

    assert [messages(answer)[-1] for answer in answers] == [
        ("error", "The tax authority has rejected the document: no stamp"),
        ("warning", "Nothing came back: 503. The document is reported again by itself."),
        ("success", "The tax authority has accepted the document."),
        ("error", "This document is reported already, or is being reported right now."),
    ]
    assert len(provider.reported) == 3


def test_the_button_refuses_until_a_provider_is_configured(provider, submission, settings, house):
    settings.EINVOICING_PROVIDER = ""

    answer = browser(house.manager).post(url(submission, "report_action"), SUBMITTED)

    assert messages(answer) == [("error", str(EInvoicingOff()))]
    assert state(submission)[:2] == (Status.WAITING, 0)
    assert provider.reported == []


def test_who_may_not_report_is_refused(provider, submission):
    auditor = PlatformUserFactory(role="auditor")

    with pytest.raises(Forbidden):
        services.report_document(actor=auditor, submission_id=submission.pk)
    assert browser(auditor).post(url(submission, "report_action"), SUBMITTED).status_code == 403
    assert (provider.reported, state(submission)[0]) == ([], Status.WAITING)


@pytest.mark.parametrize(("hours", "mark"), [(19, "default"), (20, "danger"), (30, "danger")])
def test_from_the_twentieth_hour_on_what_waits_stands_out(submission, house, clock, hours, mark):
    clock.shift(timedelta(hours=hours))
    client = browser(house.manager)

    page = client.get(changelist(TaxSubmission))

    [row] = page.context["cl"].result_list
    model_admin = page.context["cl"].model_admin
    colours = model_admin.display_deadline.label
    assert colours[model_admin.display_deadline(row)[0]] == mark
    assert "simplified tax invoice 1" in text(page)


def test_nobody_sees_reports_of_another_salon(submission, prepaid):
    client = browser(prepaid.manager)

    assert not client.get(changelist(TaxSubmission)).context["cl"].result_list
    assert client.get(url(submission)).status_code == 302
