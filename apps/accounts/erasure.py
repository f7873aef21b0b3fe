"""What every app does when a person is erased. Apps above answer through `add_erasure_part`; accounts comes first."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import DataRequest, ExportLog, IdempotencyKey, OtpChallenge, PhoneGuard, TokenFamily, User
from apps.common.history import overwrite
from apps.common.phones import placeholder_phone


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What has to end before a person can be erased: a stable `code` and a sentence."""

    code: str
    text: str | Promise


class ErasurePart(Protocol):
    """What an app knows of people."""

    def obstacles(self, person: User) -> Iterable[Obstacle]:
        """What is in the way of erasing `person` right now."""

    def erase(self, person: User) -> None:
        """Take the person out of all rows and histories of this app; money and numbers stay.

        Runs in the transaction of the erasure, under the person's lock. `person` still has their phone.
        """


_parts: list[ErasurePart] = []


def add_erasure_part(part: ErasurePart) -> None:
    """Let a higher app take part: a module with the two functions of ErasurePart. Called in `AppConfig.ready`."""
    if part not in _parts:
        _parts.append(part)


def obstacles_of(person: User) -> list[Obstacle]:
    """Everything that is in the way of erasing `person`, over all apps."""
    return [*_obstacles(person), *(found for part in _parts for found in part.obstacles(person))]


def erase_everywhere(person: User) -> None:
    """Blank the rows of every app, in the order of its locks: bookings, their money, their messages."""
    for part in _parts:
        part.erase(person)
    _erase(person)


def forget_log_entries(rows: QuerySet) -> None:
    """Take out of the admin's log what `rows` were called and what was said of their changes; who and when stay."""
    forget_log_entries_about(rows.model, rows.order_by().values_list("pk", flat=True))


def forget_log_entries_about(model: type[Model], keys: Iterable[object]) -> None:
    """The same for rows of `model` by their `keys`, some of which may be gone."""
    kind, named = ContentType.objects.get_for_model(model), [str(key) for key in keys]
    LogEntry.objects.filter(content_type=kind, object_id__in=named).update(object_repr="—", change_message="")


def _obstacles(person: User) -> Iterable[Obstacle]:
    if person.is_superuser or person.groups.exists():
        yield Obstacle("has_role", _("This person has a role on the platform, which has to be taken from them first."))


def _erase(person: User) -> None:
    phones = _phones_of(person)
    requests = DataRequest.objects.filter(user=person)
    families, keys = TokenFamily.objects.filter(user=person), IdempotencyKey.objects.filter(user=person)
    for rows in (requests, families, keys, User.objects.filter(pk=person.pk)):
        forget_log_entries(rows)
    families.delete()
    # With the answers to the person's calls.
    keys.delete()
    OtpChallenge.objects.filter(phone__in=phones).delete()
    PhoneGuard.objects.filter(phone__in=phones).delete()
    # Of an operator who left.
    TOTPDevice.objects.filter(user=person).delete()
    StaticDevice.objects.filter(user=person).delete()
    ExportLog.objects.filter(person=person, actor=person).update(network="")
    overwrite(requests, note="", answer="", extension_reason="")
    overwrite(User.objects.filter(pk=person.pk), phone=placeholder_phone(), name="")


def _phones_of(person: User) -> set[str]:
    """The person's phone and those they had before, as far as nobody else has them now."""
    had = {person.phone, *person.history.values_list("phone", flat=True)}
    return had - set(User.objects.filter(phone__in=had).exclude(pk=person.pk).values_list("phone", flat=True))
