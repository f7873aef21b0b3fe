from django.utils.translation import gettext_lazy as _

from apps.common.errors import Conflict, Rejected


class CustomerCardExists(Conflict):
    code = "customer_card_exists"
    message = _("This salon has a card of this customer already.")


class SameCard(Rejected):
    """A card was to be merged with itself."""

    code = "same_card"
    message = _("Choose another card than this one.")


class CardsOfTwoSalons(Rejected):
    """What salons know of their customers is never put together."""

    code = "cards_of_two_salons"
    message = _("Both cards have to be of one salon.")


class WorksHere(Rejected):
    """One of the two people has a role; their account is more than a customer's."""

    code = "person_has_role"
    message = _("%(person)s has a role in a salon or on the platform. Only cards of customers are merged.")


class TermsChanged(Conflict):
    """Somebody else changed the price or the duration that was to be changed."""

    code = "terms_changed"
    message = _("Somebody changed this in the meantime; your change is not saved.")


class SkillsChanged(Conflict):
    """Somebody else changed who does what where it was to be taken away."""

    code = "skills_changed"
    message = _("Somebody changed this in the meantime: %(names)s. Nothing is saved; look again and save anew.")


class WeekChanged(Conflict):
    """Somebody else changed the hours of the week that was to be changed."""

    code = "week_changed"
    message = _("Somebody changed this week in the meantime. Nothing is saved; this is how it is now.")
