from django.utils.translation import gettext_lazy as _

from apps.common.errors import Conflict


class CustomerCardExists(Conflict):
    code = "customer_card_exists"
    message = _("This salon has a card of this customer already.")
