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
