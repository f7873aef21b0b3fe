"""Ready-made cancellation policies. Pure: a salon stores the two figures and never which policy they came from."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Terms(NamedTuple):
    """Cancelling is free until so many hours before the visit, then it costs so many percent of the price.

    Named like the columns of a salon.
    """

    free_cancellation_hours: int
    late_cancellation_percent: int


class Preset(NamedTuple):
    name: Promise | str
    terms: Terms


OWN_FIGURES = "own"
PRESETS = {
    "flexible": Preset(_("flexible"), Terms(24, 50)),
    "moderate": Preset(_("moderate"), Terms(48, 50)),
    "strict": Preset(_("strict"), Terms(72, 100)),
}


def policy_of(terms: Terms) -> str:
    """The key of the preset that says exactly `terms`, else OWN_FIGURES."""
    return next((key for key, preset in PRESETS.items() if preset.terms == terms), OWN_FIGURES)
