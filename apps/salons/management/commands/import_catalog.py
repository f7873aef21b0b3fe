from contextlib import nullcontext
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.common.errors import Rejected
from apps.common.imports.cells import LONGEST, SHORTEST
from apps.common.imports.rows import row_numbers
from apps.salons.catalogue_import import MOST_BYTES, WINDOWS_1256
from apps.salons.imports.price_list import CatalogueResource
from apps.salons.models import Salon


class Command(BaseCommand):
    help = "Imports a salon's price list (CSV or XLSX): all of it, or nothing and a list of what is wrong."

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--salon", metavar="SLUG", help="may be left out where there is one salon")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")
        parser.add_argument(
            "--default-duration", type=int, metavar="MINUTES", help="for new services without one; else they are errors"
        )
        parser.add_argument(
            "--skip-row", nargs="+", action="extend", default=[], metavar="N", help="leave rows out, headings are row 1"
        )
        parser.add_argument("--encoding", choices=[WINDOWS_1256], help="of a CSV file that is not UTF-8")
        parser.add_argument(
            "--language", choices=dict(settings.LANGUAGES), help="of this report (default: the installation's)"
        )

    def handle(self, *, file, salon, default_duration, skip_row, encoding, language, **options):
        with override(language) if language else nullcontext():
            resource = CatalogueResource(
                None,
                _salon(salon),
                default_duration=_minutes(default_duration),
                skip_rows=_rows(skip_row),
                encoding=encoding or "",
            )
            result = resource.import_data(_content(file), options["dry_run"], file_name=Path(file).name)
            self._tell(result, dry_run=options["dry_run"])

    def _tell(self, result, *, dry_run):
        errors = [error.error for error in result.base_errors]
        found = [str(finding) for finding in (*errors, *result.report.findings())]
        if found:
            raise CommandError("\n".join([_("Nothing was imported."), *found]))
        if dry_run:
            self.stdout.write(_("Nothing was written, this is what an import would do:"))
        for change in result.report.changes:
            self.stdout.write(f"{change.row}: {change.name} · {change.column}: {change.old_text} → {change.new_text}")
        for label, count in result.report.lines():
            self.stdout.write(f"{label}: {count}")


def _salon(slug):
    if slug is not None:
        found = Salon.objects.filter(slug=slug).first()
        if found is None:
            raise CommandError(_("There is no salon “%(slug)s”. %(hint)s") % {"slug": slug, "hint": _known_salons()})
        return found
    salons = list(Salon.objects.all()[:2])
    if len(salons) != 1:
        raise CommandError(_("Say which salon with --salon. %(hint)s") % {"hint": _known_salons()})
    return salons[0]


def _known_salons():
    slugs = list(Salon.objects.values_list("slug", flat=True)[:20])
    return _("Salons: %(slugs)s") % {"slugs": ", ".join(slugs)} if slugs else _("There is no salon yet.")


def _minutes(given):
    if given is not None and not SHORTEST <= given <= LONGEST:
        raise CommandError(_("A service takes between 5 minutes and 24 hours."))
    return given


def _rows(given):
    try:
        return row_numbers(" ".join(given))
    except Rejected as error:
        raise CommandError(str(error)) from error


def _content(file):
    try:
        with Path(file).open("rb") as opened:
            # One byte more than allowed is enough to refuse a file of any size.
            return opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise CommandError(_("The file %(file)s cannot be opened.") % {"file": file}) from error
