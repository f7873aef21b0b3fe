"""Chromium for the tests of this folder, and the people who sit in front of it."""

import os
from pathlib import Path

import pytest

from apps.accounts.models import User
from apps.salons.models import Membership, Salon
from project.tests.browser.desk import PASSWORD, Desk

CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"]


@pytest.fixture(scope="session")
def browser_type_launch_args():
    # Playwright keeps an event loop in this thread, which Django would take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    executable = next(path for path in CHROMIUM if Path(path).exists())
    return {"executable_path": executable, "args": ["--no-sandbox", "--disable-gpu"]}


@pytest.fixture
def new_desk(live_server, new_context):
    """Makes desks, each a browser of its own: two of them are two people at two computers."""
    desks = []

    def make(**context):
        desks.append(Desk(new_context(timezone_id="Asia/Riyadh", **context).new_page(), live_server.url))
        return desks[-1]

    yield make
    assert [problem for desk in desks for problem in desk.problems] == []


@pytest.fixture
def desk(new_desk):
    return new_desk()


@pytest.fixture
def people(transactional_db):
    """A salon that confirms by hand, its manager, a support agent and the owner."""
    salon = Salon.objects.create(
        slug="reem", name_ar="صالون الريم", name_en="Reem Salon", confirmation=Salon.Confirmation.BY_HAND
    )
    manager = User.objects.create_user("+966500000102", PASSWORD, name="Huda", locale="en")
    Membership.objects.create(salon=salon, user=manager, role="manager")
    support = User.objects.create_user("+966500000104", PASSWORD, name="Omar", locale="en")
    support.groups.set([support.groups.model.objects.get(name="support")])
    owner = User.objects.create_superuser("+966500000101", PASSWORD, name="Owner", locale="en")
    return {"salon": salon, "manager": manager, "support": support, "owner": owner}
