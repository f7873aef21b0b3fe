"""What people may ask about their data, and the answers: a copy, an erasure, a refusal, once a longer time."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.erasure import erase_everywhere, obstacles_of
from apps.accounts.errors import ErasureBlocked, RequestAnswered, RequestExtended
from apps.accounts.models import Consent, DataRequest, ExportLog, User
from apps.accounts.selectors import export_own_data
from apps.accounts.services.profile import record_consent
from apps.accounts.services.sign_ins import end_everything
from apps.common.errors import Forbidden
from apps.common.history import save_as
from apps.common.locks import lock
from apps.common.transactions import use_case

ANSWER_WITHIN = timedelta(days=30)
EXTENSION = timedelta(days=30)
PERSONAL_COPY = "accounts.user"

Kind, Source, Status = DataRequest.Kind, DataRequest.Source, DataRequest.Status


@transaction.atomic
def file_request(*, person: User, kind: str, actor: User, source: str = Source.APP, note: str = "") -> DataRequest:
    """File what `person` asks for, due in 30 days. Asking again returns the open request."""
    User.objects.select_for_update().get(pk=person.pk)  # two clicks at once file one request
    asked = DataRequest.objects.filter(user=person, kind=kind, status=Status.OPEN).first()
    if asked is not None:
        return asked
    due_on = timezone.localdate() + ANSWER_WITHIN
    asked = DataRequest(user=person, kind=kind, source=source, note=note, due_on=due_on)
    save_as(asked, actor=actor)
    return asked


def request_erasure(*, user: User, actor: User) -> DataRequest:
    """File the request to erase this person's data, due in 30 days. Asking again returns the open request."""
    return file_request(person=user, kind=Kind.ERASURE, actor=actor)


@transaction.atomic
def take_own_copy(*, person: User, network: str) -> dict[str, Any]:
    """The person's own data for one file. That they took it is kept as a request, answered at once."""
    now = timezone.now()
    asked = DataRequest(user=person, kind=Kind.EXPORT, status=Status.DONE, due_on=timezone.localdate(now))
    asked.answered_at = now
    save_as(asked, actor=person)
    _log_copy(person, actor=person, network=network)
    return export_own_data(person)


@transaction.atomic
def hand_over_copy(*, request_id: int, actor: User) -> DataRequest:
    """Answer a request for a copy: from now on the file can be fetched. Raises Forbidden, RequestAnswered."""
    asked = _open_request(request_id, actor, kind=Kind.EXPORT)
    return _answer(asked, Status.DONE, actor=actor)


@transaction.atomic
def fetch_copy(*, request_id: int, actor: User, network: str) -> dict[str, Any]:
    """The file of a request that was answered with a copy; every time it leaves is kept. Raises Forbidden,
    RequestAnswered when no copy was handed over or the person was erased since.
    """
    asked = DataRequest.objects.select_related("user").get(pk=request_id)
    _ensure_may_answer(asked, actor)
    if (asked.kind, asked.status) != (Kind.EXPORT, Status.DONE) or asked.user.erased_at is not None:
        raise RequestAnswered
    _log_copy(asked.user, actor=actor, network=network)
    return export_own_data(asked.user)


@transaction.atomic
def refuse_request(*, request_id: int, actor: User, reason: str) -> DataRequest:
    """Answer with a no, which is explained to the person. Raises Forbidden, RequestAnswered."""
    asked = _open_request(request_id, actor)
    asked.answer = reason
    return _answer(asked, Status.REFUSED, actor=actor, reason=reason)


@transaction.atomic
def extend_request(*, request_id: int, actor: User, reason: str) -> DataRequest:
    """Take 30 days more, once; the reason is the notice to the person. Raises RequestExtended, RequestAnswered."""
    asked = _open_request(request_id, actor)
    if asked.extension_reason:
        raise RequestExtended
    asked.due_on += EXTENSION
    asked.extension_reason = reason
    return save_as(asked, actor=actor, reason=reason)


@use_case
def erase_person(*, request_id: int, actor: User) -> DataRequest:
    """Carry out a request for erasure: the person is taken out of every app's rows and histories, in one transaction.

    Amounts, numbers and who did what stay. The account is closed for good; whoever signs in with that phone later is
    somebody new. Raises Forbidden, RequestAnswered, and ErasureBlocked with the reasons, and the request stays open.
    """
    person_id = DataRequest.objects.values_list("user_id", flat=True).get(pk=request_id)
    # Whoever books for this person holds it too: either their visit is in the way, or they find nobody to book for.
    lock(exclusive=[("person", person_id)])
    person = User.objects.select_for_update().get(pk=person_id)
    asked = _open_request(request_id, actor, kind=Kind.ERASURE)
    if obstacles := obstacles_of(person):
        raise ErasureBlocked(reasons=" ".join(str(obstacle.text) for obstacle in obstacles))

    end_everything(person)
    erase_everywhere(person)
    _close_account(person, actor=actor)
    # What was said in the request is gone with the rest.
    asked.refresh_from_db()
    return _answer(asked, Status.DONE, actor=actor)


def _close_account(person: User, *, actor: User) -> None:
    person.refresh_from_db()
    if person.marketing_consent:
        record_consent(person, is_granted=False, source=Consent.Source.ERASURE, actor=actor)
    person.marketing_consent, person.is_active, person.erased_at = False, False, timezone.now()
    person.set_unusable_password()
    person._history_user = actor  # type: ignore[attr-defined]  # read by simple-history
    person.save(update_fields=["marketing_consent", "is_active", "erased_at", "password"])


def _open_request(request_id: int, actor: User, *, kind: str | None = None) -> DataRequest:
    asked = DataRequest.objects.select_for_update().get(pk=request_id)
    _ensure_may_answer(asked, actor)
    if asked.status != Status.OPEN or kind not in (None, asked.kind):
        raise RequestAnswered
    return asked


def _ensure_may_answer(asked: DataRequest, actor: User) -> None:
    if not actor.has_perm("accounts.answer_datarequest", asked):
        raise Forbidden


def _answer(asked: DataRequest, status: str, *, actor: User, reason: str = "") -> DataRequest:
    asked.status, asked.answered_at = status, timezone.now()
    return save_as(asked, actor=actor, reason=reason)


def _log_copy(person: User, *, actor: User, network: str) -> None:
    ExportLog.objects.create(
        actor=actor,
        model_label=PERSONAL_COPY,
        file_format="json",
        row_count=1,
        person=person,
        network=network,
    )
