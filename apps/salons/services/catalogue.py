"""Changes of what a salon sells, and who does it."""

from typing import NamedTuple

from django.utils.translation import gettext
from simple_history.utils import bulk_create_with_history

from apps.common.errors import Forbidden, Missing
from apps.common.history import delete_as, save_as
from apps.common.transactions import use_case
from apps.salons.errors import SkillsChanged, TermsChanged
from apps.salons.models import Salon, Service, Staff, StaffService
from apps.salons.services.schedule import lock_schedule

MOST_NAMED = 5


@use_case
def change_terms(*, actor, service_id, seen, wanted, reason=""):
    """Store a new price or duration of a service; visits that are booked keep theirs.

    `seen` and `wanted` are `{"price_amount": Decimal, "duration_minutes": int}`: what stood on the page and what shall
    stand there. What is the same in both is left alone, whatever it is now. Returns the Service.

    Raises: Missing, Forbidden; TermsChanged when somebody else changed what `wanted` changes.
    """
    service = Service.objects.select_for_update(of=("self",), no_key=True).filter(pk=service_id).first()
    if service is None:
        raise Missing
    if not actor.has_perm("salons.change_service", service):
        raise Forbidden

    # What is as wanted already was sent twice.
    changed = {name: new for name, new in wanted.items() if new != seen[name] and new != getattr(service, name)}
    if any(getattr(service, name) != seen[name] for name in changed):
        raise TermsChanged
    if not changed:
        return service

    for name, new in changed.items():
        setattr(service, name, new)
    return save_as(service, actor=actor, reason=reason, update_fields=list(changed))


class Skill(NamedTuple):
    """Whether one person shall do one service. `seen` is the `skill_mark` of the row that was shown, or empty."""

    staff_id: int
    service_id: int
    seen: str
    wanted: bool


def skill_mark(row):
    """How a page remembers the StaffService it showed, with its own price and duration."""
    return f"{row.pk}/{row.price_amount or ''}/{row.duration_minutes or ''}"


@use_case
def change_skills(*, actor, salon_id, skills, reason=""):
    """Make the people of a salon do the services of `skills` ([Skill, …]), or no longer; all of them or none.

    A row that stays keeps its own price and duration. Returns how many rows were made and removed.

    Raises: Missing, Forbidden; SkillsChanged when a row that shall go is not the one that was seen.
    """
    salon = Salon.objects.filter(pk=salon_id).first()
    if salon is None:
        raise Missing
    lock_schedule(salon_id)
    if not all(actor.has_perm(f"salons.{verb}_staffservice", StaffService(salon=salon)) for verb in ("add", "delete")):
        raise Forbidden
    staff = Staff.objects.filter(salon=salon).in_bulk({skill.staff_id for skill in skills})
    sold = Service.objects.filter(salon=salon).in_bulk({skill.service_id for skill in skills})
    if any(skill.staff_id not in staff or skill.service_id not in sold for skill in skills):
        raise Missing

    stored = {
        (row.staff_id, row.service_id): row for row in StaffService.objects.filter(salon=salon, staff__in=staff.keys())
    }
    pairs = {(skill.staff_id, skill.service_id): skill for skill in skills}
    going = [stored[pair] for pair, skill in pairs.items() if not skill.wanted and pair in stored]
    if stale := [row for row in going if pairs[row.staff_id, row.service_id].seen != skill_mark(row)]:
        names = [f"{staff[row.staff_id]} · {sold[row.service_id]}" for row in stale[:MOST_NAMED]]
        raise SkillsChanged(names=gettext(", ").join(names))
    coming = [
        StaffService(salon=salon, staff=staff[pair[0]], service=sold[pair[1]])
        for pair, skill in pairs.items()
        if skill.wanted and pair not in stored
    ]

    bulk_create_with_history(coming, StaffService, default_user=actor, default_change_reason=reason)
    for row in going:
        delete_as(row, actor=actor, reason=reason)
    return len(coming), len(going)
