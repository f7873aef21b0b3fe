import sys
from contextlib import nullcontext
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.bookings.explanations import why_not
from apps.common.text import latin_digits, search_key
from apps.salons.models import Salon, Service, Staff


class Command(BaseCommand):
    help = "Says why a time is not offered, one reason a line; exit 0 when it is offered, 1 when not, 2 when unclear."

    def add_arguments(self, parser):
        parser.add_argument("salon", metavar="SALON_SLUG")
        parser.add_argument("service", metavar="SERVICE_CODE")
        parser.add_argument("staff", metavar="STAFF", help="id, public id or name")
        parser.add_argument("starts_at", metavar="STARTS_AT", help="2026-11-23 15:00 by the salon's clock, or ISO 8601")
        parser.add_argument(
            "--lang", "--language", choices=dict(settings.LANGUAGES), help="of the answer (default: the installation's)"
        )

    def handle(self, *, salon, service, staff, starts_at, lang, **options):
        with override(lang) if lang else nullcontext():
            shop = _salon(salon)
            moment = _moment(starts_at, ZoneInfo(shop.timezone))
            reasons = why_not(_service(shop, service), _staff(shop, staff), moment, now=timezone.now())
            for line in [reason.text for reason in reasons] or [_("This time is free.")]:
                self.stdout.write(line)
        if reasons:
            sys.exit(1)


def _salon(slug):
    found = Salon.objects.filter(slug=slug).first()
    if found is None:
        raise _unclear(_("There is no salon “%(slug)s”.") % {"slug": slug})
    return found


def _service(salon, code):
    found = Service.objects.select_related("salon", "category").filter(salon=salon, code=code).first()
    if found is None:
        raise _unclear(_("%(salon)s has no service with the code “%(code)s”.") % {"salon": salon, "code": code})
    return found


def _staff(salon, text):
    found = [person for person in Staff.objects.filter(salon=salon) if _is_called(person, text)]
    if not found:
        raise _unclear(_("%(salon)s has no staff member “%(staff)s”.") % {"salon": salon, "staff": text})
    if len(found) > 1:
        known = ", ".join(f"{person.pk} {person}" for person in found)
        raise _unclear(_("Several staff members are called so, name one by id: %(known)s.") % {"known": known})
    return found[0]


def _is_called(person, text):
    names = {search_key(name) for name in (person.name_ar, person.name_en) if name}
    return text in {str(person.pk), str(person.public_id)} or search_key(text) in names


def _moment(text, zone):
    try:
        moment = datetime.fromisoformat(latin_digits(text.strip()))
    except ValueError as error:
        raise _unclear(_("“%(text)s” is no time such as 2026-11-23 15:00.") % {"text": text}) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _unclear(message):
    return CommandError(message, returncode=2)
