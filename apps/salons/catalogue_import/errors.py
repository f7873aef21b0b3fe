"""Why a price list is refused besides what refuses every file."""

from django.utils.translation import gettext_lazy as _

from apps.common.imports.errors import ImportOutdated


class CatalogueChanged(ImportOutdated):
    """What would be written is no longer what the operator saw in the preview."""

    code = "catalogue_changed"
    message = _("The catalogue changed since the preview. Nothing was imported; please look at the new preview.")
