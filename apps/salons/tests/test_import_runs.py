"""One file, one import: what the pages do when somebody clicks twice, and what is noted of it."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from apps.salons.imports.runs import Agreed, AlreadyImported, ImportGoesOn, recorded
from apps.salons.models import Customer, ImportRun
from apps.salons.tests.factories import MembershipFactory, SalonFactory

pytestmark = pytest.mark.django_db

SARA = "+966551234567"
GOOD = f"Phone,Name\n{SARA},Sara\n".encode()
IMPORT, CONFIRM = (reverse(f"admin:salons_customer_{page}") for page in ("import", "process_import"))


@pytest.fixture
def salon():
    return SalonFactory()


@pytest.fixture
def manager(client, salon):
    person = MembershipFactory(salon=salon, user__locale="en").user
    client.force_login(person)
    return person


def look(client, salon, content):
    file = SimpleUploadedFile("customers.csv", content)
    return client.post(IMPORT, {"resource": "0", "format": "0", "salon": salon.pk, "import_file": file})


def answers(page, form="confirm_form"):
    return {field.html_name: field.value() or "" for field in page.context[form]}


def test_an_import_is_noted_with_its_counts_and_nothing_of_its_rows(client, salon, manager):
    client.post(CONFIRM, answers(look(client, salon, GOOD)))

    run = ImportRun.objects.get()
    assert (run.state, run.rows_new, run.rows_changed, run.rows_same, run.rows_left_out) == ("done", 1, 0, 0, 0)
    assert (run.actor, run.file_name, run.model_label) == (manager, "customers.csv", "salons.customer")
    assert "customers.csv" in client.get(reverse("admin:salons_importrun_changelist")).content.decode()


def test_refused_rows_are_left_out_at_a_click_and_the_rest_is_imported(client, salon, manager):
    refused = look(client, salon, GOOD + b"12,Bad\n")
    assert refused.context["result"].report.refused_rows == [3]
    assert "confirm_form" not in refused.context

    preview = client.post(IMPORT, {**answers(refused, "again_form"), "again": "1"})
    client.post(CONFIRM, answers(preview))

    run = ImportRun.objects.get()
    assert (run.state, run.rows_new, run.rows_left_out) == ("done", 1, 1)
    assert Customer.objects.get().user.phone == SARA


def test_the_same_file_is_told_to_be_known_in_its_next_preview(client, salon, manager):
    client.post(CONFIRM, answers(look(client, salon, GOOD)))

    preview = look(client, salon, GOOD)

    assert preview.context["before"] == ImportRun.objects.get()
    assert preview.context["result"].report.counts().same == 1


def test_a_second_word_for_one_preview_does_nothing(salon):
    token = uuid4()
    about = {"salon": salon, "model_label": "salons.customer", "content": GOOD, "source": "a.csv", "actor": None}

    def never(_settled):
        raise AssertionError("imported twice")

    ImportRun.objects.create(salon=salon, model_label="salons.customer", file_name="a.csv", sha256="0", token=token)
    with pytest.raises(ImportGoesOn):
        recorded(Agreed(token), never, **about)
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False), pytest.raises(AlreadyImported):
        recorded(Agreed(token), never, **about)


def test_an_import_that_breaks_is_noted_and_writes_nothing(salon):
    about = {"salon": salon, "model_label": "salons.customer", "content": GOOD, "source": "a.csv", "actor": None}

    def breaks(_settled):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        recorded(Agreed(uuid4()), breaks, **about)

    assert ImportRun.objects.get().state == ImportRun.State.FAILED


def test_a_run_whose_process_died_does_not_run_for_ever(salon):
    run = ImportRun.objects.create(salon=salon, model_label="salons.customer", file_name="a", sha256="0", token=uuid4())

    assert run.state_now == ImportRun.State.RUNNING
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        assert run.state_now == ImportRun.State.FAILED
